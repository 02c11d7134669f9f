"""The evaluate command: annotated corpora through the detector, figures out."""
