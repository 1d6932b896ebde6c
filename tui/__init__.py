"""The terminal UI. Nothing but this package imports Textual."""
