"""What a run leaves behind; knows neither tables nor any other task."""
