"""Training of the model for words outside the dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import ngram
from align import align
from dictionary import Pronunciations
from network import train_networks

from tts_pipeline.text.english.oov_file import pack_graphones
from tts_pipeline.text.phones import Phones

ORDER = 8
PRUNE = 1e-7
# Graphones seen less often are slips of the dictionary or of the alignment.
RARE = 3


def train_graphones(
    pronunciations: Pronunciations, *, without: Collection[str] = (), epochs: int | None = None
) -> bytes:
    """Train on the dictionary's words of letters only and return the packed model.

    Args:
        pronunciations: the dictionary.
        without: words that the model must not see.
        epochs: passes of the networks' training over the words; None for as many as they need.
    """
    pairs = [
        (word, sounds[0])
        for word, sounds in sorted(pronunciations.items())
        if word.isalpha() and len(word) > 1 and word not in without
    ]
    cuts = [cut for cut in align(pairs) if cut is not None]
    counts = Counter(graphone for cut in cuts for graphone in cut)
    graphones: list[tuple[str, Phones]] = [("", ()), ("", ())]
    graphones += sorted(graphone for graphone in counts if counts[graphone] >= RARE)
    ids = {graphone: index for index, graphone in enumerate(graphones) if index > 1}
    sequences = [
        [0, *(ids[graphone] for graphone in cut), 1]
        for cut in cuts
        if all(graphone in ids for graphone in cut)
    ]
    orders = ngram.train(sequences, len(graphones), order=ORDER, prune=PRUNE)
    return pack_graphones(
        graphones,
        [level.keys for level in orders],
        [level.log_p for level in orders],
        [level.log_bow for level in orders],
        train_networks(graphones, sequences, epochs=epochs),
    )
