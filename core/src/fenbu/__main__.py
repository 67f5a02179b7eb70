"""``python -m fenbu``: the command line, where the script ``fenbu`` is not on the path."""

from fenbu.cli import main

if __name__ == "__main__":
    main()
