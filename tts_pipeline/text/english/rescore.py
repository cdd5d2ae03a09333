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
        window = np.arange(2 * WINDOW + 1)
        around = padded[np.arange(n)[:, None] + window]
        hidden = self._letter_rows[window, around].sum(1) + self._first_bias
        before = np.concatenate([np.zeros((n_paths, HISTORY), np.int64), paths], 1)
        # Paths have most of their pasts in common: each place and past is worked out once.
        pasts = np.stack([before[:, place : place + n] for place in range(HISTORY)], 2)
        n_graphones = len(self._out_bias)
        code = np.broadcast_to(np.arange(n), (n_paths, n)).astype(np.uint64)
        for place in range(HISTORY):
            code = code * np.uint64(n_graphones) + pasts[:, :, place].astype(np.uint64)
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        places, row = first % n, pasts.reshape(n_paths * n, HISTORY)[first]
        layer = hidden[places] + self._graphone_rows[np.arange(HISTORY), row].sum(1)
        layer = np.maximum(layer, 0.0, out=layer) @ self._second
        layer += self._second_bias
        logits = np.maximum(layer, 0.0, out=layer) @ self._out
        logits += self._out_bias
        logits -= logits.max(1, keepdims=True)
        total = np.log(np.exp(logits).sum(1))
        which = which.reshape(n_paths, n)
        return (logits[which, paths] - total[which]).sum(1)
