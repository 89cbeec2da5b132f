"""What a forked child must do: forget what belongs to the parent and replace locks that nobody will release.

`os.register_at_fork` handlers cannot be unregistered, so the runtime installs exactly one, over a weak set of the
objects that asked for it.
"""

from __future__ import annotations

import os
from weakref import WeakSet

from .typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Forkable(Protocol):
        """Something whose state must be renewed in a forked child."""

        def after_fork_in_child(self) -> None:
            """Renew locks and forget what only the parent may use; runs before any other code of the child."""


_members: WeakSet[Forkable] = WeakSet()


def renew_in_child(member: Forkable) -> None:
    """Have `member.after_fork_in_child()` called in every child forked while `member` is alive."""
    _members.add(member)


def _after_fork_in_child() -> None:
    for member in list(_members):
        member.after_fork_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
