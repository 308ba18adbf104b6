"""One file per system; import the one you need: some of them load heavy libraries."""
