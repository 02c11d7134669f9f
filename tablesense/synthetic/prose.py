"""What stands around tables and is none: titles, notes, forms, paragraphs, side calculations."""

from random import Random

from tablesense.boxes import Box
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Block, CellSpec, Formula, Role
from tablesense.synthetic.columns import FIRST_DAY, number_column


def title_block(rng: Random, width: int) -> Block:
    """A title for a table of a given width, with subtitle and units at times; merged across or not."""
    block = Block()
    if width > 3 and rng.random() < 0.12:
        # Centred by hand: the lines start in a column in the middle of the table.
        middle = rng.randint(1, width // 2)
        for _ in range(rng.randint(1, 3)):
            block.put(block.height, middle, words.title(rng), Role.TITLE)
        return block
    block.put(0, 0, words.title(rng), Role.TITLE)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        block.put(block.height, 0, words.title(rng), Role.SUBTITLE)
    if rng.random() < 0.25:
        # A right-aligned unit sits above the last column in many reports.
        column = width - 1 if rng.random() < 0.3 else 0
        block.put(block.height, column, rng.choice(words.UNITS), Role.SUBTITLE)
    if width > 2 and rng.random() < 0.2:
        for row in range(block.height):
            if (row, 0) in block.cells and (row, width - 1) not in block.cells:
                block.merge(Box(0, row, width, row + 1))
    elif rng.random() < 0.1:
        # A coloured bar across the table's width that is no part of it.
        for column in range(width):
            block.cells.setdefault((0, column), CellSpec(None, Role.TITLE))
    return block


def notes_block(rng: Random, width: int) -> Block:
    """Notes and a source, one line a row, as they stand below a table."""
    block = Block()
    for mark in range(rng.randint(0, 3)):
        prefix = rng.choice(("Note: ", f"\\{mark + 1} ", "* ", f"({mark + 1}) ", "", f"{mark + 1}/ "))
        block.put(block.height, 0, prefix + words.sentences(rng, 1), Role.NOTE)
    if not block.cells or rng.random() < 0.5:
        source = f"Source: {words.company(rng)}, {words.title(rng)}."
        block.put(block.height, 0, source, Role.NOTE)
    if width > 2 and rng.random() < 0.1:
        block.merge(Box(0, 0, width, 1))
    return block


def form_block(rng: Random, fields: int) -> Block:
    """Pairs of label and value; the labels end in a colon, which no table header here does."""
    block = Block()
    gap = rng.choice((1, 1, 1, 2))
    pairs = 2 if rng.random() < 0.2 else 1
    spaced = 2 if rng.random() < 0.2 else 1
    labels = rng.sample(words.FORM_LABELS, min(fields * pairs, len(words.FORM_LABELS)))
    for index, label in enumerate(labels):
        row, column = index // pairs * spaced, index % pairs * (gap + 2)
        block.put(row, column, f"{label}:", Role.FORM_LABEL)
        if rng.random() < 0.85:
            block.cells[row, column + gap] = _form_value(rng)
    return block


def _form_value(rng: Random) -> CellSpec:
    kind = rng.randrange(5)
    if kind == 0:
        return CellSpec(FIRST_DAY.replace(year=rng.randint(1997, 2024)), Role.FORM_VALUE, "mm/dd/yyyy")
    if kind == 1:
        return CellSpec(rng.randint(1, 90000), Role.FORM_VALUE)
    makers = (words.person, words.company, words.phone, words.code)
    return CellSpec(rng.choice(makers)(rng), Role.FORM_VALUE)


def text_block(rng: Random, lines: int) -> Block:
    """Paragraphs in one column, with blank rows between some of them and bullets at times."""
    block = Block()
    bullet = rng.choice(("", "", "", "- ", "• "))
    row = 0
    for _ in range(lines):
        long = rng.random() < 0.3
        block.put(row, 0, bullet + words.sentences(rng, 3 if long else 1), Role.TEXT)
        row += 1 + (rng.random() < 0.2)
    return block


def list_block(rng: Random, lines: int) -> Block:
    """A numbered list: the number in one column, the text in the next."""
    block = Block()
    for line in range(lines):
        block.put(line, 0, f"{line + 1}.", Role.TEXT)
        block.put(line, 1, words.sentences(rng, 1), Role.TEXT)
    return block


def side_block(rng: Random) -> Block:
    """Something beside a table: a remark, a lone number, or a small sum without header."""
    block = Block()
    kind = rng.randrange(3)
    if kind == 0:
        for row in range(rng.randint(1, 2)):
            block.put(row, 0, rng.choice((*words.SENTENCES, *words.REMARKS)), Role.NOTE)
        return block
    column = number_column(rng)
    if kind == 1:
        block.put(0, 0, column.draw(rng, 0), Role.TEXT, column.number_format)
        return block
    one, other = (rng.randint(1, 9000) for _ in range(2))
    block.put(0, 0, one, Role.TEXT)
    block.put(1, 0, other, Role.TEXT)
    formula = Formula("{}-{}", (Box(0, 0, 1, 1), Box(0, 1, 1, 2)))
    block.cells[2, 0] = CellSpec(one - other, Role.TEXT, formula=formula)
    return block


def loose_block(rng: Random) -> Block:
    """One block that is no table, for sheets without any and to stand among tables."""
    kind = rng.random()
    if kind < 0.45:
        return form_block(rng, rng.randint(2, 9))
    if kind < 0.8:
        return text_block(rng, rng.randint(1, 8))
    if kind < 0.93:
        return list_block(rng, rng.randint(3, 8))
    return side_block(rng)
