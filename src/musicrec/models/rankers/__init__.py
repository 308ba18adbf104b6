"""Two stages: what proposes and what orders."""
