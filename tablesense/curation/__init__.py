"""Making and looking through annotated workbooks: what ``tablesense data`` prints and draws."""
