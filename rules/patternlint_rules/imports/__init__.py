"""Family Imports: import statements on the way of a request."""
