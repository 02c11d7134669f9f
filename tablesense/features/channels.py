"""The feature channels of a cell: their names, order and version. Nobody indexes them by number.

Every channel is a value in [0, 1], stored as a byte (255 is 1). Bump ``FEATURE_VERSION`` whenever a
channel, its meaning or the folding changes: caches are rebuilt, older checkpoints are refused.
"""

FEATURE_VERSION = 3

COLOR_BUCKETS = ("black", "white", "gray", "red", "yellow", "green", "blue", "other")

CONTENT_CHANNELS = (
    "kind_text",
    "kind_number",
    "kind_boolean",
    "kind_formula",
    "kind_error",
    "kind_date",
    "filled",  # has a value, or a formula
    "numeric",  # the value, the result of the formula, or what the text says is a number or a date
    "textual",  # filled and not numeric
    "digit_share",
    "letter_share",
    "length_below_10",
    "length_below_50",
    "length_below_100",
    "length_100_up",
    "all_caps",
    "ends_with_colon",
    "total_word",
    "note_word",
    "year_like",
    "separator",
    "leading_spaces",
    "bracketed",
    "negative",
    "same_pattern_above",
    "same_pattern_left",
    "same_value_above",
    "same_value_left",
)
FORMAT_CHANNELS = (
    *(f"font_{bucket}" for bucket in COLOR_BUCKETS),
    *(f"fill_{bucket}" for bucket in COLOR_BUCKETS),
    "font_small",  # below 0.8 of the sheet's median font size
    "font_medium",
    "font_large",  # above 1.2 of it
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "border_left",
    "border_right",
    "border_top",
    "border_bottom",
    "locked",  # of cells that the file holds, like all of these
    "hidden",  # hidden formula, hidden row or hidden column
    "align_left",
    "align_center",
    "align_right",
    "indent",
    "has_format",
    "has_comment",
    "format_percent",
    "format_currency",
    "format_date",
    "format_integer",
    "format_decimal",
)
STRUCTURE_CHANNELS = (
    "merged_left",  # merged with the cell to the left
    "merged_right",
    "merged_top",
    "merged_bottom",
    "in_table",  # inside a native Excel table
    "in_table_header",
)
GRID_CHANNELS = (
    "rows_folded_after",  # log2(1 + rows folded away below this row) / 16
    "columns_folded_after",
)
RELATION_CHANNELS = (
    "repeated_in_column",  # a text or year that stands in the column again, apart from its run of equal cells
    "repeated_in_row",
    "sum_of_above",  # a number that the numbers above it add up to
    "sum_of_left",
    "greater_than_above",  # a number or a date greater than that of the cell above
    "greater_than_left",
)

CHANNELS: tuple[str, ...] = (
    CONTENT_CHANNELS + FORMAT_CHANNELS + STRUCTURE_CHANNELS + GRID_CHANNELS + RELATION_CHANNELS
)
NUM_CHANNELS = len(CHANNELS)
INDEX: dict[str, int] = {name: number for number, name in enumerate(CHANNELS)}

# What a file without formatting (CSV) lacks; dropping all of it in training makes one model serve both.
FORMATTING = tuple(INDEX[name] for name in FORMAT_CHANNELS + STRUCTURE_CHANNELS)
