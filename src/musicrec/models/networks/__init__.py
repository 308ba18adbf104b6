"""Networks trained with Keras."""
