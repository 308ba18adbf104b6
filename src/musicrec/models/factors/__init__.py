"""Factor models: users and items as vectors."""
