"""The Decorator family, PAT5xx: wrappers that take a function's place."""
