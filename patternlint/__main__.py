"""``python -m patternlint``: ends as any program does, with a profiler or debugger around it."""

import sys

from patternlint.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
