"""Systems that read tags, friends or features beside listens."""
