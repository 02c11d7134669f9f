"""Reads runs back, from their folders or from W&B, and sets them side by side; knows no task."""
