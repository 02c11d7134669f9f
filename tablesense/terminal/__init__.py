"""What commands print and write: text nobody vouches for, the console, files that are whole."""
