"""A report as one self-contained page: what there is to compare, and every run to unfold."""
