"""Trainings started as processes of their own: followed by their rows, stopped so that they save."""
