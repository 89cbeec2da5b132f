"""The version, here once: the build reads it from here, so that ``--version`` imports no package metadata."""

VERSION = "0.1.0"
