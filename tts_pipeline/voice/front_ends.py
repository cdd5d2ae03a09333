"""The front end of each language that a voice may speak: one line each."""

from __future__ import annotations

from collections.abc import Callable

from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import TextFrontEnd

FRONT_ENDS: dict[str, Callable[..., TextFrontEnd]] = {"en-US": EnglishFrontEnd}
"""By language; made with ``lexicon=``, a file of the user's own pronunciations or None."""
