"""The modules that are kept for a while: those used last, as far as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from patternlint.facts import Module

# Facts hold a syntax tree of fifty times the size of the text: keep those of this many characters of source.
ROOM = 2_000_000


class Shelf:
    """Modules by path, None for a file that is none.

    One that has to make room is released when nobody can hold it any more. So with each goes a depth: how many
    questions were open where it was handed out. Those within them hold it, and nobody once they are answered.
    """

    def __init__(self) -> None:
        self._modules: OrderedDict[Path, Module | None] = OrderedDict()
        self._depths: dict[Path, int] = {}
        self._characters = 0
        self._put_out: list[tuple[int, Module]] = []  # by depth, the deepest last

    def __contains__(self, path: Path) -> bool:
        return path in self._modules

    def __iter__(self) -> Iterator[Path]:
        return iter([*self._modules])

    def look_at(self, path: Path) -> Module | None:
        """The module at a path, if it is here, for a look that ends before anything else is asked."""
        return self._modules.get(path)

    def hand_out(self, path: Path, depth: int) -> Module | None:
        """The module at a path, which is here, to somebody within so many questions."""
        self._modules.move_to_end(path)
        self._depths[path] = min(depth, self._depths[path])
        return self._modules[path]

    def put(self, path: Path, module: Module | None, depth: int) -> None:
        """Take a module in that somebody within so many questions holds, in the place of one for the same path."""
        if path in self._modules:
            self.put_out(path)
        self._modules[path] = module
        self._depths[path] = depth
        self._characters += _size(module)
        while self._characters > ROOM and len(self._modules) > 1:
            self.put_out(next(iter(self._modules)))

    def put_out(self, path: Path) -> None:
        """Keep the module at a path no longer."""
        module, depth = self._modules.pop(path), self._depths.pop(path)
        self._characters -= _size(module)
        if module is not None:
            self._put_out.append((depth, module))
            self._put_out.sort(key=lambda one: one[0])

    def release(self, depth: int) -> None:
        """Let go of the modules put out that nobody outside so many questions holds."""
        while self._put_out and self._put_out[-1][0] >= depth:
            self._put_out.pop()[1].release()


def _size(module: Module | None) -> int:
    return 1 if module is None else len(module.source.text)
