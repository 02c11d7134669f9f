"""EoB scores of predicted against annotated boxes."""
