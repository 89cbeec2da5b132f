"""Makes the shared fixtures known to every test of the folder."""

from threads_forks_reloads import forked, race, write_module

__all__ = ["forked", "race", "write_module"]
