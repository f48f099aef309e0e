"""Many answers side by side: one trip of the weights through the cache serves all of them.

An answer must not depend on its neighbours, or a version would be judged by the order of its
questions. Rounding depends on the shape of a product: so every prompt is read alone, every step has
two rows or more, and no sequence sees another's cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sleeping_plugin.llama import Decoder, Llama, Stopped
from sleeping_plugin.llama_sampling import Picker

PARALLEL: Final = 8  # sequences decoded side by side
_CELLS: Final = 256  # llama.cpp's unit of context
_SHORTEST_PREFIX: Final = 8  # tokens; below that a copy is not worth it


@dataclass(slots=True)
class _Slot:
    """One answer in the making."""

    index: int
    sequence: int
    token: int  # to be fed next
    position: int  # of that token
    left: int  # tokens that may still be made


class Parallel:
    """Answers many prompts at once; the first sequence keeps the prefix they share."""

    def __init__(self, llama: Llama) -> None:
        self._llama = llama
        self._decoder: Decoder | None = None

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, pickers: Sequence[Picker], stop: Stopped
    ) -> Iterator[tuple[int, int | None]]:
        """Yield (index of a prompt, token) as tokens come, and (index, None) at its end."""
        for prompt in prompts:
            self._llama.require_room(len(prompt))
        longest = min(max(map(len, prompts)) + limit, self._llama.decoder.context)
        decoder = self._prepare(longest)
        shared = _shared(prompts)
        decoder.feed(prompts[0][:shared], 0, 0, False)
        free = list(range(PARALLEL, 0, -1))
        waiting = iter(range(len(prompts)))
        active: list[_Slot] = []
        while not stop():
            while free and (index := next(waiting, None)) is not None:
                slot = _Slot(index, free.pop(), -1, len(prompts[index]), limit)
                slot.left = min(limit, longest - slot.position)
                self._read(decoder, slot, prompts[index], shared)
                token = self._llama.next_token(decoder, pickers[index], -1)
                yield from self._take(slot, token, active, free)
            if not active:
                return
            rows = self._step(decoder, active)
            for slot in list(active):
                row = rows[slot.sequence]
                token = self._llama.next_token(decoder, pickers[slot.index], row)
                active.remove(slot)
                yield from self._take(slot, token, active, free)

    def _prepare(self, longest: int) -> Decoder:
        """Return an empty decoder whose sequences hold ``longest`` tokens."""
        context = -(-longest // _CELLS) * _CELLS
        if self._decoder is not None and self._decoder.context != context:
            self._decoder.close()
            self._decoder = None
        if self._decoder is None:
            self._decoder = self._llama.new_decoder(context, PARALLEL + 1)
        self._decoder.clear()
        return self._decoder

    @staticmethod
    def _read(decoder: Decoder, slot: _Slot, prompt: Sequence[int], shared: int) -> None:
        """Put a prompt into its sequence, alone."""
        decoder.clear(slot.sequence)
        if shared:
            decoder.copy(0, slot.sequence)
        decoder.feed(prompt[shared:], shared, slot.sequence, True)

    @staticmethod
    def _take(
        slot: _Slot, token: int | None, active: list[_Slot], free: list[int]
    ) -> Iterator[tuple[int, int | None]]:
        """Add a token to an answer, and either go on with it or end it."""
        if token is not None and slot.left > 0:
            slot.token = token
            slot.left -= 1
            yield slot.index, token
        if token is None or slot.left <= 0:
            yield slot.index, None
            free.append(slot.sequence)
            free.sort(reverse=True)
        else:
            active.append(slot)

    @staticmethod
    def _step(decoder: Decoder, active: Sequence[_Slot]) -> dict[int, int]:
        """Feed one token to every answer; return the row of each sequence.

        llama.cpp decodes adjacent sequences together, so the gaps are filled with idle rows.
        """
        slots = {slot.sequence: slot for slot in active}
        first, last = min(slots), max(slots)
        if first == last:  # one row takes other kernels than two
            first, last = (first, last + 1) if last < PARALLEL else (first - 1, last)
        rows = []
        for sequence in range(first, last + 1):
            slot = slots.get(sequence)
            if slot is None:
                decoder.clear(sequence)
                rows.append((0, 0, sequence, True))
            else:
                rows.append((slot.token, slot.position, sequence, True))
                slot.position += 1
        decoder.decode(rows)
        return {sequence: i for i, sequence in enumerate(range(first, last + 1))}


def _shared(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with, leaving each at least two of its own."""
    ordered = sorted(map(list, prompts))
    low, high = ordered[0], ordered[-1]
    most = min(map(len, prompts)) - 2
    shared = 0
    while shared < most and low[shared] == high[shared]:
        shared += 1
    return shared if len(prompts) > 1 and shared >= _SHORTEST_PREFIX else 0
