"""The one road from text to sound."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline.ahead import Ahead, in_order
from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import TextError
from tts_pipeline.nn.threads import blas_threads, limited
from tts_pipeline.sentence.mel import SentenceMel
from tts_pipeline.speech_options import SpeechOptions
from tts_pipeline.text.protocol import Dropped, Report, Sentence
from tts_pipeline.text.symbols import BOUNDARY
from tts_pipeline.timeline import Block, Speaker, Spoken, Timeline
from tts_pipeline.timestamps import Timestamp
from tts_pipeline.voice.voice import Voice

__all__ = ["SynthesisReport", "Timestamp", "stream", "synthesize", "synthesize_batch"]

BATCH_SIZE = 8


@dataclasses.dataclass(frozen=True)
class SynthesisReport:
    """What was done to speak a text, or the part of it that a block of a stream holds.

    Attributes:
        normalised: the text as it is spoken.
        dropped: what could not be spoken, in order, each with its place and the reason.
        n_sentences: sentences that begin in it.
        n_split: how many of them are pieces of a sentence that was too long.
        voice: name of the voice.
        acoustic: name of the acoustic model, refiners included.
        vocoder: name of the vocoder.
        options: settings of the models, as given.
        problems: what went wrong in the models, such as a sentence whose end was not found.
        seed: as given.
        duration_s: length of the audio in seconds.
        compute_s: wall-clock seconds that it took.
    """

    normalised: str
    dropped: tuple[Dropped, ...]
    n_sentences: int
    n_split: int
    voice: str
    acoustic: str
    vocoder: str
    options: Mapping[str, Any]
    problems: tuple[str, ...]
    seed: int
    duration_s: float
    compute_s: float

    @property
    def rtf(self) -> float:
        """Seconds of computing per second of audio."""
        return self.compute_s / self.duration_s

    @property
    def xrt(self) -> float:
        """Seconds of audio per second of computing."""
        return self.duration_s / self.compute_s


def synthesize(
    text: str,
    *,
    voice: Voice | str | Path | None = None,
    acoustic: str | None = None,
    vocoder: str | None = None,
    seed: int = 0,
    rate: float = 1.0,
    pitch: float = 1.0,
    energy: float = 1.0,
    lexicon: str | Path | None = None,
    strict: bool = False,
    style: str = "",
    text_format: str = "plain",
    intonation: bool = True,
    threads: int | None = None,
    **options: Any,
) -> Audio:
    """Speak a text.

    Every sentence is spoken for itself, so that the cost grows linearly with the text. Sentence
    ``k`` is spoken with the seed ``(seed + k * 0x9E3779B97F4A7C15) mod 2 ** 63``; the same text,
    voice, options and machine give identical samples.

    Args:
        text: any string; one that begins with ``<speak`` is read as SSML; phones may stand between
            double square brackets, see :mod:`tts_pipeline.text.english.frontend`.
        voice: a voice, or the folder of one (read once, then remembered); None: the voice in the
            package.
        acoustic: name of an acoustic model of the voice, "acoustic+refiner" with a refiner behind
            it; None: its default, "autoregressive+flow-refiner" of the voice in the package.
        vocoder: name of a vocoder of the voice, "griffin-lim" among them; None: its default,
            "parallel" of the voice in the package.
        seed: from 0 to ``2 ** 63 - 1``.
        rate: factor on the speaking rate, the pauses between sentences included, 0.25 to 4; 2 is
            twice as fast.
        pitch: factor on F0, 0.5 to 2.
        energy: factor on the amplitude, 0.25 to 4.
        lexicon: file of your own pronunciations, lines of ``word<TAB>phones``.
        strict: refuse text of which something cannot be spoken; otherwise that is left out, and
            the report says so.
        style: words for the way of speaking, such as "slow, low and sad" or "憤慨", which set
            factors on rate, pitch and its range, energy, pauses and what comes before them, see
            :mod:`tts_pipeline.style`; what is not understood stands among the report's problems,
            with ``strict`` an error.
        text_format: how the text is written: "plain", or "markdown" to read headings, lists, links
            and tables as such, see :mod:`tts_pipeline.text.markup.markdown`.
        intonation: whether English questions, exclamations and lists get their tunes by rule, and
            long phrases a pause, see :mod:`tts_pipeline.intonation`; False: as the model says them.
        threads: sentences spoken at once, each on one core; None: two, if the process may use two
            cores. The samples do not depend on it.
        options: settings of the chosen models, such as ``steps`` of a refiner; each goes to all
            models that declare it: ``temperature`` to a refiner and to WaveNet, if both speak.

    Returns:
        Audio with ``samples`` ``(S,)`` float32 in [-1, 1], ``timestamps`` of words and phones,
        and a ``report`` (:class:`SynthesisReport`).

    Raises:
        TextError: if nothing of the text can be spoken, with ``strict`` if something cannot, or
            if the lexicon cannot be read.
        VoiceError: if the voice cannot be loaded or has no such model.
        ConfigError: if a number is out of its range, an option is one that no chosen model takes,
            or the acoustic model cannot change what is asked for.
    """
    start = time.perf_counter()
    speaker = Speaker(
        SpeechOptions(
            voice,
            acoustic,
            vocoder,
            seed,
            rate,
            pitch,
            energy,
            lexicon,
            strict,
            threads,
            options,
            style,
            text_format,
            intonation,
        )
    )
    with blas_threads(1):
        sentences, read = speaker.voice.front_end(_checked(text), strict=strict)
        _require_speech(bool(sentences), read.dropped)
        line = Timeline(speaker)
        with in_order(speaker, enumerate(sentences)) as spoken:
            blocks = [line.add(sentence, made) for sentence, made in zip(sentences, spoken)]
    return _audio(speaker, blocks, read, start)


def synthesize_batch(
    texts: Sequence[str],
    *,
    voice: Voice | str | Path | None = None,
    acoustic: str | None = None,
    vocoder: str | None = None,
    seed: int = 0,
    rate: float = 1.0,
    pitch: float = 1.0,
    energy: float = 1.0,
    lexicon: str | Path | None = None,
    strict: bool = False,
    style: str = "",
    text_format: str = "plain",
    intonation: bool = True,
    threads: int | None = None,
    **options: Any,
) -> list[Audio]:
    """Speak several texts; on a GPU the acoustic model works on up to eight of them at once.

    Arguments, results and errors are those of :func:`synthesize`, and so are the samples, to
    1e-4. ``report.compute_s`` is the text's share, by length, of the time for all of them.
    """
    start = time.perf_counter()
    speaker = Speaker(
        SpeechOptions(
            voice,
            acoustic,
            vocoder,
            seed,
            rate,
            pitch,
            energy,
            lexicon,
            strict,
            threads,
            options,
            style,
            text_format,
            intonation,
        )
    )
    with blas_threads(1):
        read = [speaker.voice.front_end(_checked(text), strict=strict) for text in texts]
    for sentences, report in read:
        _require_speech(bool(sentences), report.dropped)
    with _spoken_texts(speaker, [sentences for sentences, _ in read]) as spoken:
        audios = []
        for sentences, report in read:
            line = Timeline(speaker)
            blocks = [line.add(sentence, next(spoken)) for sentence in sentences]
            audios.append(_audio(speaker, blocks, report, start))
    compute_s = time.perf_counter() - start
    total_s = sum(audio.duration_s for audio in audios)
    return [
        dataclasses.replace(
            audio,
            report=dataclasses.replace(
                audio.report, compute_s=compute_s * audio.duration_s / total_s
            ),
        )
        for audio in audios
    ]


def stream(
    text: str | Iterable[str],
    *,
    voice: Voice | str | Path | None = None,
    acoustic: str | None = None,
    vocoder: str | None = None,
    seed: int = 0,
    rate: float = 1.0,
    pitch: float = 1.0,
    energy: float = 1.0,
    lexicon: str | Path | None = None,
    strict: bool = False,
    style: str = "",
    text_format: str = "plain",
    intonation: bool = True,
    threads: int | None = None,
    **options: Any,
) -> Iterator[Audio]:
    """Speak a text of any length block by block, in bounded memory.

    A block leaves as soon as its samples are settled, while the acoustic model is still writing the
    rest of the sentence; sentences that were spoken ahead on another core come whole. The blocks
    one after another are what :func:`synthesize` makes of the text, to 1e-4.

    Args:
        text: the text, or its pieces in order, such as the lines of an open file.
        voice: as the other options, see :func:`synthesize`.

    Returns:
        Iterator over Audio, several blocks a sentence. ``timestamps`` count from the start of the
        first block. Those of a sentence come with its first block, and so does what the ``report``
        tells about its text; ``duration_s`` and ``compute_s`` are those of the block itself.

    Raises:
        TextError, VoiceError, ConfigError: as :func:`synthesize`; what is wrong with the text
            comes to light when that place is reached.
    """
    speaker = Speaker(
        SpeechOptions(
            voice,
            acoustic,
            vocoder,
            seed,
            rate,
            pitch,
            energy,
            lexicon,
            strict,
            threads,
            options,
            style,
            text_format,
            intonation,
        )
    )
    return limited(_stream(speaker, text if not isinstance(text, str) else _checked(text), strict))


def _stream(speaker: Speaker, text: str | Iterable[str], strict: bool) -> Iterator[Audio]:
    line = Timeline(speaker)
    spoken = False
    left_out: tuple[Dropped, ...] = ()
    start = time.perf_counter()
    ahead = Ahead(speaker, speaker.voice.front_end.stream(text))
    for (sentence, dropped), future in ahead:
        if strict and dropped:
            first = dropped[0]
            raise TextError(
                f"cannot speak {first.text!r} at character {first.span[0]} ({first.reason}); "
                "take it out, or do not ask for strict=True"
            )
        left_out += dropped
        if sentence is None:
            continue
        read = Report(_spoken_form(sentence), left_out, 1, 0)
        left_out = ()
        blocks = [line.add(sentence, future.result())] if future else line.stream(sentence)
        for block in blocks:
            yield _audio(speaker, [block], read, start)
            read = Report("", (), 0, 0)
            start = time.perf_counter()
            # Pieces that come one by one may come slowly: they are not waited for.
            if isinstance(text, str):
                ahead.fill()
        spoken = True
    _require_speech(spoken, left_out)
    if left_out:
        yield _audio(speaker, [], Report("", left_out, 0, 0), start)


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise TextError(f"text of {type(text).__name__}: expected str")
    return text


def _require_speech(found: bool, dropped: tuple[Dropped, ...]) -> None:
    if found:
        return
    if not dropped:
        raise TextError("the text holds no words: expected at least one letter or digit")
    shown = ", ".join(f"{item.text[:40]!r} ({item.reason})" for item in dropped[:5])
    more = f" and {len(dropped) - 5} more" if len(dropped) > 5 else ""
    raise TextError(f"nothing of the text can be spoken: {shown}{more}; write it in words")


@contextlib.contextmanager
def _spoken_texts(speaker: Speaker, texts: list[list[Sentence]]) -> Iterator[Iterator[Spoken]]:
    """All sentences of all texts, in order."""
    if not speaker.in_batches:
        with in_order(speaker, (pair for text in texts for pair in enumerate(text))) as spoken:
            yield spoken
        return
    mels = _mels_of_texts(speaker, texts)
    yield (
        Spoken(mel, speaker.waveform(mel, index)) for made in mels for index, mel in enumerate(made)
    )


def _mels_of_texts(speaker: Speaker, texts: list[list[Sentence]]) -> list[list[SentenceMel]]:
    """The first sentences of all texts together, then the second ones, as they share their seed."""
    mels: list[list[SentenceMel]] = [[] for _ in texts]
    for index in range(max(map(len, texts), default=0)):
        members = [number for number, text in enumerate(texts) if index < len(text)]
        for first in range(0, len(members), BATCH_SIZE):
            chosen = members[first : first + BATCH_SIZE]
            made = speaker.mels([texts[number][index] for number in chosen], index)
            for number, mel in zip(chosen, made):
                mels[number].append(mel)
    return mels


def _audio(speaker: Speaker, blocks: list[Block], read: Report, start: float) -> Audio:
    samples = np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
    rate = speaker.voice.audio.sample_rate
    report = SynthesisReport(
        normalised=read.normalised,
        dropped=read.dropped,
        n_sentences=read.n_sentences,
        n_split=read.n_split,
        voice=speaker.voice.name,
        acoustic=speaker.acoustic_name,
        vocoder=speaker.vocoder_name,
        options=speaker.options.more,
        problems=tuple(dict.fromkeys(item for block in blocks for item in block.problems)),
        seed=speaker.options.seed,
        duration_s=len(samples) / rate,
        compute_s=time.perf_counter() - start,
    )
    timestamps = tuple(stamp for block in blocks for stamp in block.timestamps)
    return Audio(samples, rate, timestamps, report)


def _spoken_form(sentence: Sentence) -> str:
    marks = ["" if gap == BOUNDARY or gap.startswith("<") else gap for gap in sentence.gaps]
    return " ".join(word.text + mark for word, mark in zip(sentence.words, marks))
