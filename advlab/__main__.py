"""`python -m advlab` is the command line."""

import sys

from advlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
