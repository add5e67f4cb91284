"""Values kept for as long as they fit, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """A cache bounded by bytes; the newest value stays whatever it takes.

    Parameters
    ----------
    capacity
        In bytes.
    size
        Tells the bytes of a value.
    """

    def __init__(self, capacity: int, size: Callable[[Value], int]) -> None:
        self._capacity, self._size = capacity, size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self.used_bytes = 0

    def get(self, key: Key) -> Value | None:
        """Return a value that is still kept; it counts as used."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, and drop others until all fit."""
        self.drop(key)
        self._entries[key] = value
        self.used_bytes += self._size(value)
        while self.used_bytes > self._capacity and len(self._entries) > 1:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Key) -> None:
        """Forget a value, if it is kept."""
        value = self._entries.pop(key, None)
        if value is not None:
            self.used_bytes -= self._size(value)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.used_bytes = 0
