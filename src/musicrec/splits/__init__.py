"""Splits: who hides what."""
