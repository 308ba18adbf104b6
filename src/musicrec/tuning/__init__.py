"""The search for settings: the same for every system."""
