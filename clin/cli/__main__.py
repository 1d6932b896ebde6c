"""``python -m clin.cli`` is ``clin``."""

from clin.cli import main

main(prog_name="clin")
