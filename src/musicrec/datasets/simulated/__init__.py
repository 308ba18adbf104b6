"""Simulated data: invented listeners and songs, with the truth planted."""
