"""Strategy: code that picks what to do by the kind of a value."""
