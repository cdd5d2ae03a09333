"""What goes to a worker process, and what comes back: everything here can be pickled."""

from __future__ import annotations

from typing import Any, NamedTuple

from tts_pipeline.timestamps import Timestamp


class Speech(NamedTuple):
    """Speak a text.

    Attributes:
        text: the text.
        options: keyword arguments of :func:`tts_pipeline.stream`, without the voice.
        format: one of :data:`tts_pipeline.serve.formats.SOUND_FORMATS`, or ``RAW``.
        lead_s: seconds of silence before the first sound.
        text_format: "plain" (SSML too) or "markdown".
        is_first: False for the rest of a text, which may hold nothing to speak.
        is_whole: False for a text that goes on: only the sentences that are sure to have ended
            are spoken, and ``Done`` says how far that was.
    """

    text: str
    options: dict[str, Any]
    format: str
    lead_s: float = 0.0
    text_format: str = "plain"
    is_first: bool = True
    is_whole: bool = True


class Reading(NamedTuple):
    """Tell how a text is read, without speaking it."""

    text: str
    text_format: str = "plain"


Job = Speech | Reading


class Start(NamedTuple):
    """To a worker: do this; what comes back carries the number."""

    number: int
    job: Job


class Cancel(NamedTuple):
    """To a worker: nobody waits for this job any more."""

    number: int


class Taken(NamedTuple):
    """To a worker: the client has taken so many samples more, go on if you waited for that."""

    number: int
    n_samples: int


class Facts(NamedTuple):
    """Of a worker's voice.

    Attributes:
        name: of the voice.
        language: of it.
        sample_rate: in Hz.
        acoustics: names of its acoustic models.
        refiners: names of what may stand behind one.
        vocoders: names of its vocoders.
        acoustic: what speaks if none is asked for, refiners included.
        vocoder: likewise.
    """

    name: str
    language: str
    sample_rate: int
    acoustics: tuple[str, ...]
    refiners: tuple[str, ...]
    vocoders: tuple[str, ...]
    acoustic: str
    vocoder: str


class Ready(NamedTuple):
    """From a worker: it is warm."""

    facts: Facts


class Unable(NamedTuple):
    """From a worker: it cannot load the voice."""

    message: str


class Chunk(NamedTuple):
    """From a worker: a block of sound.

    Attributes:
        number: of the job.
        content: bytes in the format that was asked for; an encoder may hold them back for a while.
        n_samples: how many samples of the voice have gone into the encoder.
        timestamps: of the sentence that begins here.
        dropped: what could not be spoken, or not in the way that was asked for.
    """

    number: int
    content: bytes
    n_samples: int
    timestamps: tuple[Timestamp, ...]
    dropped: tuple[str, ...]


class ReadWord(NamedTuple):
    """How a word is read.

    Attributes:
        text: as it is spoken.
        span: first and last + 1 character of what it was written as.
        source: where its phones come from, such as "lexicon" or "letters".
        confidence: in [0, 1].
        phones: ARPAbet.
        ipa: the same in IPA.
    """

    text: str
    span: tuple[int, int]
    source: str
    confidence: float
    phones: tuple[str, ...]
    ipa: str


class Read(NamedTuple):
    """From a worker: the answer to :class:`Reading`."""

    number: int
    normalised: str
    words: tuple[ReadWord, ...]
    dropped: tuple[str, ...]


class Done(NamedTuple):
    """From a worker: the job is done, or was cancelled.

    Attributes:
        number: of the job.
        compute_s: wall-clock seconds that it took.
        used: characters of the text that are spoken.
        n_sentences: sentences that are spoken.
        pause_s: what belongs between them and what comes after them, at a rate of 1.
    """

    number: int
    compute_s: float = 0.0
    used: int = 0
    n_sentences: int = 0
    pause_s: float = 0.0


class Failed(NamedTuple):
    """From a worker: the job failed.

    Attributes:
        number: of the job.
        kind: name of the class of a :class:`~tts_pipeline.errors.TTSPipelineError`, or "" if it is
            none: then the message is for the log, not for the client.
        message: what happened.
    """

    number: int
    kind: str
    message: str
