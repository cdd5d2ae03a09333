"""A text that comes in pieces, as a language model writes it: spoken sentence by sentence.

A worker is only taken while there is something to speak, not while the text is awaited. What comes
out are the samples that :func:`tts_pipeline.synthesize` makes of the whole text.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from tts_pipeline.errors import TextError
from tts_pipeline.serve.formats import RAW
from tts_pipeline.serve.job import Chunk, Done, Speech
from tts_pipeline.serve.pool import Pool

# Tried again when so much more text is there.
_STEP = 20
_N_SEEDS = 2**63
# As between the sentences of a text, see tts_pipeline.synthesize.
_SEED_STEP = 0x9E3779B97F4A7C15
_IS_MARKUP = "<"


class LiveText:
    """Speaks a text that comes in pieces.

    Args:
        pool: of workers.
        options: keyword arguments of :func:`tts_pipeline.stream`, without the voice.
        max_characters: that the whole text may have.
    """

    def __init__(self, pool: Pool, options: dict[str, Any], max_characters: int) -> None:
        self._pool, self._options, self._max_characters = pool, options, max_characters
        self._held = ""
        self._n_characters = 0
        self._n_sentences = 0
        self._pause_s = 0.0
        self._next_try = 0

    async def speak(self, pieces: AsyncIterator[str]) -> AsyncGenerator[Chunk, None]:
        """Yield sound, ``RAW``, as soon as a sentence is sure to have ended.

        Raises:
            TextError: if there is too much text, or nothing that can be spoken.
            TTSPipelineError: what :meth:`~tts_pipeline.serve.pool.Pool.do` raises.
        """
        async for piece in pieces:
            self._n_characters += len(piece)
            if self._n_characters > self._max_characters:
                raise TextError(
                    f"more than {self._max_characters} characters of text; send it in parts"
                )
            self._held += piece
            # Mark-up is understood as a whole only.
            if len(self._held) < self._next_try or self._held.lstrip()[:1] in ("", _IS_MARKUP):
                continue
            async for chunk in self._say(is_whole=False):
                yield chunk
            # Ever rarer while one sentence goes on and on, so that the cost stays linear.
            self._next_try = len(self._held) + max(_STEP, len(self._held) // 4)
        if self._held.strip() or not self._n_sentences:
            async for chunk in self._say(is_whole=True):
                yield chunk

    async def _say(self, *, is_whole: bool) -> AsyncGenerator[Chunk, None]:
        rate = float(self._options.get("rate", 1.0))
        seed = int(self._options.get("seed", 0)) + self._n_sentences * _SEED_STEP
        options = {**self._options, "seed": seed % _N_SEEDS}
        is_first = not self._n_sentences
        lead_s = self._pause_s / rate
        job = Speech(self._held, options, RAW, lead_s=lead_s, is_first=is_first, is_whole=is_whole)
        async with contextlib.aclosing(self._pool.do(job)) as events:
            async for event in events:
                if isinstance(event, Chunk):
                    yield event
                elif isinstance(event, Done):
                    self._held = self._held[event.used :]
                    self._n_sentences += event.n_sentences
                    if event.n_sentences:
                        self._pause_s = event.pause_s
