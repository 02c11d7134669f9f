"""What every task trains with: learning rates, weight decay, the order of an epoch."""
