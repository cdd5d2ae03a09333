"""Second opinions on the n-gram's candidates: small networks that also see what follows.

For each letter of a word one gives the probability of its graphone, from six letters on either
side and the five graphones before; another reads the word backwards. The n-gram knows nothing of
the letters to come except through its own next steps. They err differently, and the mean of their
log-probabilities is better than any (figures in ``recipes/text/README.md``).
"""

from __future__ import annotations

import numpy as np

WINDOW = 6
HISTORY = 5
N_LETTERS = 27
# Order of the weights in the model file, with the axes of each.
WEIGHTS = ("letters", "graphones", "first", "first_bias", "second", "second_bias", "out",
           "out_bias")  # fmt: skip


class Rescorer:
    """The network, as plain arrays.

    Args:
        weights: "letters" (27, a): embedding of letters, 0 for none, 1 to 26 for a to z;
            "graphones" (V, b): embedding of the graphones before, 0 for none; "first"
            (13 a + 5 b, h), "second" (h, k) and "out" (k, V) with their biases.
    """

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        full = {name: weights[name].astype(np.float32) for name in WEIGHTS}
        span = 2 * WINDOW + 1
        split = span * full["letters"].shape[1]
        first = full["first"]
        # The first layer of an embedding is a table: one row per place and symbol.
        self._letter_rows = np.einsum(
            "la,wah->wlh", full["letters"], first[:split].reshape(span, -1, first.shape[1])
        )
        self._graphone_rows = np.einsum(
            "vb,wbh->wvh", full["graphones"], first[split:].reshape(HISTORY, -1, first.shape[1])
        )
        self._first_bias = full["first_bias"]
        self._second, self._second_bias = full["second"], full["second_bias"]
        self._out, self._out_bias = full["out"], full["out_bias"]

    def scores(self, letters: np.ndarray, paths: np.ndarray) -> np.ndarray:
        """Return the log-probability ``(H,)`` of each path.

        Args:
            letters: ``(n,)`` letters of the word, 1 to 26.
            paths: ``(H, n)`` graphone of each letter.
        """
        n_paths, n = paths.shape
        padded = np.concatenate([np.zeros(WINDOW, np.int64), letters, np.zeros(WINDOW, np.int64)])
        hidden = np.tile(self._first_bias, (n, 1))
        for place, rows in enumerate(self._letter_rows):
            hidden += rows[padded[place : place + n]]
        before = np.concatenate([np.zeros((n_paths, HISTORY), np.int64), paths], 1)
        layer = np.broadcast_to(hidden, (n_paths, *hidden.shape)).copy()
        for place, rows in enumerate(self._graphone_rows):
            layer += rows[before[:, place : place + n]]
        layer = np.maximum(layer, 0.0).reshape(n_paths * n, -1)
        layer = np.maximum(layer @ self._second + self._second_bias, 0.0)
        logits = layer @ self._out + self._out_bias
        chosen = logits[np.arange(len(logits)), paths.reshape(-1)]
        top = logits.max(1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(1))
        return (chosen - total).reshape(n_paths, n).sum(1)
