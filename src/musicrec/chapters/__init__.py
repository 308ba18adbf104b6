"""What one notebook imports and nothing else does; named as the notebooks."""
