"""A sheet becomes a grid: folded rows and columns, channels by name, a cache on disk."""
