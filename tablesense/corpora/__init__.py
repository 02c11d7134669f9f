"""Annotated workbooks: the record, reading a corpus folder, splits, problems found."""
