"""``python -m patternlint``."""

from patternlint.cli import entry

if __name__ == "__main__":
    entry()
