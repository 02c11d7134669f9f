"""Results of made-up sheets, for the tests of what is made of them."""

from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.evaluation.scores import SheetResult


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes of 1 to 3000 cells close together, so that near misses and all size classes are common."""
    left, top = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    height = draw(st.sampled_from([1, 2, 4, 60, 100]))
    return Box(left, top, left + draw(st.sampled_from([1, 2, 15, 30])), top + height)


scored_boxes = st.dictionaries(boxes(), st.floats(0, 1), max_size=4)


@st.composite
def sheet_results(draw: st.DrawFn) -> list[SheetResult]:
    """Sheets of three corpora, each sheet once; what was found is at times just what is there."""
    results = []
    for number in range(draw(st.integers(0, 5))):
        annotated = tuple(draw(st.lists(boxes(), max_size=4, unique=True)))
        found = draw(scored_boxes)
        if draw(st.booleans()):
            found |= dict.fromkeys(annotated, 0.9)
        corpus = draw(st.sampled_from(["deco", "fuste", "saus"]))
        results.append(SheetResult(corpus, f"book {number}.xlsx", "Sheet1", tuple(found.items()), annotated))
    return results
