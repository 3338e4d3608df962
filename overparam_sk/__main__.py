"""``python -m overparam_sk``."""

import sys

from overparam_sk.cli import main

if __name__ == "__main__":
    sys.exit(main())
