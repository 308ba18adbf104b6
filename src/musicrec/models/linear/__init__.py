"""Linear models between items."""
