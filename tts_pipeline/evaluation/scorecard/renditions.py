"""What a voice makes of recordings and texts, with a check that every phone is spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import write_audio
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.corpus.aligned import AlignedRecording
from tts_pipeline.evaluation.metrics.scoring import NATURAL
from tts_pipeline.evaluation.scorecard.goals import COPY, REFERENCE, SPEECH
from tts_pipeline.synthesis import synthesize

if TYPE_CHECKING:
    from tts_pipeline.protocols import Vocoder
    from tts_pipeline.voice.voice import Voice


@dataclasses.dataclass(frozen=True)
class Rendition:
    """What the voice made of one recording.

    Attributes:
        recording: the recording.
        versions: by system the waveform ``(S,)``.
        segments: phones of the speech as for :class:`AlignedRecording`.
        unspoken: what of the text was not spoken, and why.
    """

    recording: AlignedRecording
    versions: dict[str, np.ndarray]
    segments: tuple[tuple[str, float, float], ...]
    unspoken: tuple[str, ...]


def render(
    voice: Voice,
    recordings: Sequence[AlignedRecording],
    folder: Path,
    *,
    seed: int = 0,
    reference: Vocoder | None = None,
    reference_every: int = 3,
) -> list[Rendition]:
    """Make copy-synthesis and speech of every recording, and write all of it as wav files.

    Args:
        voice: the voice.
        recordings: the test set.
        folder: gets the folders ``natural``, ``copy``, ``speech`` and ``griffin-lim``.
        seed: of the first recording; the others get the next ones.
        reference: another vocoder for copy-synthesis, as a yardstick.
        reference_every: it does every so-many-th recording.
    """
    out = []
    for index, recording in enumerate(tqdm(recordings, desc="speak", disable=None)):
        with_reference = reference if index % reference_every == 0 else None
        made = _render_one(voice, recording, seed + index, with_reference)
        for system, samples in {NATURAL: recording.waveform, **made.versions}.items():
            path = folder / system / f"{recording.id}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path, samples, voice.audio.sample_rate)
        out.append(made)
    return out


def _render_one(
    voice: Voice, recording: AlignedRecording, seed: int, reference: Vocoder | None
) -> Rendition:
    n_samples = len(recording.waveform)
    mel = log_mel(recording.waveform, voice.audio)
    versions = {COPY: voice.vocoder.infer(mel, seed=seed)[:n_samples]}
    if reference is not None:
        versions[REFERENCE] = reference.infer(mel, seed=seed)[:n_samples]
    speech = synthesize(recording.text, voice=voice, seed=seed)
    versions[SPEECH] = speech.samples
    stamps = [stamp for stamp in speech.timestamps if stamp.kind == "phone"]
    segments = tuple((stamp.text, stamp.start_s, stamp.end_s) for stamp in stamps)
    dropped = [f"{item.text!r}: {item.reason}" for item in speech.report.dropped]
    sentences, _ = voice.front_end(recording.text)
    wanted = [phone for sentence in sentences for word in sentence.words for phone in word.phones]
    faults = unspoken(wanted, segments, speech.duration_s, voice.audio)
    return Rendition(recording, versions, segments, (*dropped, *faults))


def unspoken(
    phones: Sequence[str],
    segments: Sequence[tuple[str, float, float]],
    duration_s: float,
    audio: AudioConfig,
) -> list[str]:
    """Phones that were not spoken: left out, changed, without a frame, or beyond the end.

    Args:
        phones: those of the text in order.
        segments: name, start and end in seconds of those that were spoken.
        duration_s: length of the sound.
        audio: settings of the voice.
    """
    faults = []
    if [name for name, _, _ in segments] != list(phones):
        faults.append(f"{len(segments)} phones were spoken that are not the {len(phones)} wanted")
    shortest = 0.5 / audio.frame_rate
    for index, (name, start, end) in enumerate(segments):
        if end - start < shortest or end > duration_s + shortest:
            faults.append(f"phone {index} ({name}) from {start:.2f} to {end:.2f} s")
    return faults
