"""How findings are shown: text for people, JSON for tools. Nothing of a source or a file name is printed as it is."""
