"""Score records, and reported figures beside reproduced ones."""
