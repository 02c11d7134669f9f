"""The W&B side of a run: logger, local log, login; imported only when W&B is on."""
