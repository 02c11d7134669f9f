"""A recipe trained fold by fold, and measured on the sheets that each training left out."""
