"""Systems of neighbours: items liked by the same users, users who like the same items."""
