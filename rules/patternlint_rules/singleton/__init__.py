"""The Singleton family, PAT1xx: classes and values that are meant to exist once."""
