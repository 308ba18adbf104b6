"""What every chapter shows with: figures, tables, prose, plots, the artist map."""
