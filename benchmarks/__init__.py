"""How fast the parts are, each next to a yardstick measured in the same run."""
