"""Which codes were ever neighbours: what a model says that nobody said.

A model that draws each code by itself puts together what does not belong together
("multi-modality", Gu et al. 2018, arXiv 1711.02281). Two codes are neighbours if they are of the
same group and of steps that follow one another, or of the same step and of groups that do.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tts_pipeline.atomic import write_bytes
from tts_pipeline.errors import ConfigError


class SeenPairs(NamedTuple):
    """Pairs of neighbouring codes that occur in some recordings.

    Attributes:
        in_time: whether a code of a group is followed by another ``(G, V, V)`` bool.
        between: whether a code of a group stands beside one of the next group ``(G - 1, V, V)``
            bool.
    """

    in_time: np.ndarray
    between: np.ndarray

    @classmethod
    def of(cls, codes: Iterable[np.ndarray], n_groups: int, n_codes: int) -> SeenPairs:
        """The pairs in recordings as codes ``(L, G)``."""
        seen = cls(
            np.zeros((n_groups, n_codes, n_codes), bool),
            np.zeros((n_groups - 1, n_codes, n_codes), bool),
        )
        for each in codes:
            for table, pairs in zip(seen, _pairs(each, n_groups)):
                table[pairs] = True
        return seen

    def unseen(self, codes: np.ndarray) -> tuple[int, int]:
        """How many pairs of neighbours in codes ``(L, G)`` are not among these, and how many
        there are: ``(L - 1) G + L (G - 1)``.

        Raises:
            ConfigError: if the codes are of other groups.
        """
        n_unseen = n_pairs = 0
        for table, pairs in zip(self, _pairs(codes, len(self.in_time))):
            found = table[pairs]
            n_unseen += int(np.count_nonzero(~found))
            n_pairs += found.size
        return n_unseen, n_pairs

    def save(self, path: Path) -> None:
        """Write a file that :meth:`load` reads: a bit a pair, compressed."""
        content = io.BytesIO()
        shapes = {"shape": np.array(self.in_time.shape[:2])}
        packed = {name: np.packbits(table) for name, table in self._asdict().items()}
        np.savez_compressed(content, **shapes, **packed)  # type: ignore[arg-type]
        write_bytes(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> SeenPairs:
        """Read a file of :meth:`save`.

        Raises:
            ConfigError: if it is missing or none.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                n_groups, n_codes = (int(n) for n in arrays["shape"])
                tables = [
                    np.unpackbits(arrays[name], count=n * n_codes**2).astype(bool)
                    for name, n in (("in_time", n_groups), ("between", n_groups - 1))
                ]
        except (OSError, KeyError, ValueError) as error:
            raise ConfigError(
                f"{path}: no table of pairs ({error}); recipes/strategies/seen_pairs.py makes it"
            ) from error
        return cls(*(table.reshape(-1, n_codes, n_codes) for table in tables))


def _pairs(codes: np.ndarray, n_groups: int) -> tuple[tuple[np.ndarray, ...], ...]:
    """Indices of neighbours in time and between groups, into the two tables."""
    if codes.ndim != 2 or codes.shape[1] != n_groups:
        raise ConfigError(f"codes of shape {codes.shape}: expected (L, {n_groups})")
    groups = np.broadcast_to(np.arange(n_groups), codes.shape)
    in_time = (groups[1:], codes[:-1], codes[1:])
    return in_time, (groups[:, :-1], codes[:, :-1], codes[:, 1:])
