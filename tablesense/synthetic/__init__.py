"""Workbooks with known tables, written from a seed."""
