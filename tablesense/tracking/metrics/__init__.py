"""One row an epoch, gradients every step, and what watches them."""
