"""What people use: workbooks in, tables out, as a library and behind the command."""
