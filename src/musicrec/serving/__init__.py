"""Fitted models that answer at once, for the command and for the page "Try it"."""
