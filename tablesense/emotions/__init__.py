"""The second task: emotions in text, several a text, with the bookkeeping that the detector has.

Shapes: N texts, B texts of a batch, T tokens, L labels.
"""
