"""A file becomes sheets: one small reader a format behind one ``open_workbook``."""
