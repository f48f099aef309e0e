"""The values that the weights of a block type can take, whatever file they lie in.

A weight is ``low + step * code``, with a step and a low for each group of some 16 or 32 weights,
both linear in the one or two floats of its block: ``step = d * unit``,
``low = d * shift + m * least``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int16]
Steps = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of a tensor: their codes, and what the codes stand for."""

    codes: Codes  # (rows, n)
    scales: Steps  # (rows, blocks, 1 or 2): d, and m where the type has one
    unit: Steps  # (rows, blocks, groups per block)
    shift: Steps  # (rows, blocks, groups per block)
    least: Steps  # (rows, blocks, groups per block); zero where the type has no m
    lowest: int  # code
    highest: int

    @property
    def group(self) -> int:
        """Return the number of weights that share a step."""
        return int(self.codes.shape[1] // (self.unit.shape[1] * self.unit.shape[2]))

    @property
    def step(self) -> Steps:
        """Return the steps: (rows, n / group); 0 where a group holds one value only."""
        return (self.scales[..., :1] * self.unit).reshape(len(self.codes), -1)

    @property
    def low(self) -> Steps:
        """Return the values of code 0: (rows, n / group)."""
        low = self.scales[..., :1] * self.shift + self.scales[..., -1:] * self.least
        return low.reshape(len(self.codes), -1)

    @property
    def values(self) -> Steps:
        """Return the weights: (rows, n)."""
        low, step = (np.repeat(part, self.group, axis=1) for part in (self.low, self.step))
        return low + step * self.codes
