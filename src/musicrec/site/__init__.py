"""From notebooks and scores to the published site."""
