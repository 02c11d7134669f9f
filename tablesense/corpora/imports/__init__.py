"""Foreign annotations become a corpus folder: a reader a kind, one way to check and write what they read."""
