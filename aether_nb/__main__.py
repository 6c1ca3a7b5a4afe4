"""``python -m aether_nb``: the command line, where the script is not on the path."""

from aether_nb.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
