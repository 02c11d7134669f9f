"""The command around a training: arguments, callbacks, errors in one line, what is printed at the end."""
