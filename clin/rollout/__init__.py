"""One trial as a generator, and many of them over one model."""
