"""Who hears what: Latin squares over listeners, and orders drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

Cell = TypeVar("Cell")
# A longer round of schedules would never be completed by real listeners.
LONGEST_ROUND = 240
ENOUGH_SESSIONS = 24


def latin_cells(cells: Mapping[str, Sequence[Cell]], session: int) -> dict[str, Cell]:
    """One cell (condition or pair) for every text, rotating over texts and listeners.

    Row ``session`` of a Latin square: over as many successive sessions as a text has cells, each
    of its cells comes exactly once; within a session the cells are as equally frequent as the
    number of texts allows.

    Args:
        cells: of every text; texts may have different ones.
        session: number of the schedule, from 0.
    """
    return {
        text: own[(session + index) % len(own)] for index, (text, own) in enumerate(cells.items())
    }


def with_variants(pairs: Sequence[Cell], n_variants: int) -> list[tuple[Cell, int]]:
    """Every pair in every variant (such as AB and BA), neighbours differing in both."""
    n = len(pairs)
    return [(pairs[k % n], (k % n + k // n) % n_variants) for k in range(n * n_variants)]


def round_length(cells: Mapping[str, Sequence[Cell]]) -> int:
    """Sessions after which every text was heard in each of its cells equally often."""
    length = math.lcm(*(len(own) for own in cells.values()))
    return length if length <= LONGEST_ROUND else max(map(len, cells.values()))


def n_sessions(asked_for: int, length: int) -> int:
    """The fewest whole rounds that give 24 sessions, unless a number was asked for."""
    return asked_for or length * math.ceil(ENOUGH_SESSIONS / length)


def spread_order(
    items: Sequence[Cell], text_of: Callable[[Cell], str], random: np.random.Generator
) -> list[Cell]:
    """A random order in which the same text follows itself as rarely as possible."""
    best: list[Cell] = []
    fewest = len(items) + 1
    for _ in range(50):
        order = [items[i] for i in random.permutation(len(items))]
        texts = [text_of(item) for item in order]
        repeats = sum(a == b for a, b in zip(texts, texts[1:]))
        if repeats < fewest:
            best, fewest = order, repeats
        if fewest == 0:
            break
    return best


def balanced_positions(
    names: Sequence[Cell], session: int, seed: Sequence[int]
) -> tuple[Cell, ...]:
    """Order of a MUSHRA trial's sounds; each is at each place once in ``len(names)`` sessions.

    A rotation of a permutation that all sessions of a round share and the next round draws anew.
    """
    block, shift = divmod(session, len(names))
    order = np.random.default_rng([*seed, block]).permutation(len(names))
    return tuple(names[i] for i in np.roll(order, shift))


def check_places(n_main: int, n_checks: int, random: np.random.Generator) -> list[int]:
    """Before which main trials the attention checks come: one in each equal stretch, not first."""
    edges = np.linspace(1, max(2, n_main), n_checks + 1)
    return [
        int(random.integers(int(low), max(int(low) + 1, int(high))))
        for low, high in zip(edges, edges[1:])
    ]
