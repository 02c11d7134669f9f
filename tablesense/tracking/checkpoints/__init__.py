"""Saved states: when, under which names, and how a run goes on from one."""
