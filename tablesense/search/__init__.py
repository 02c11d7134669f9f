"""The search of a W&B sweep file without a server: trials are trainings, optuna chooses their parameters."""
