"""What commands take, print and write: options, text nobody vouches for, the console, whole files."""
