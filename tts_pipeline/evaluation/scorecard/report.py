"""The report on a voice: copy-synthesis and speech of a test set, scored and pictured."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_pipeline.atomic import write_json, write_text
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.corpus.aligned import AlignedRecording
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.metrics.recogniser import PocketsphinxRecogniser, Recogniser
from tts_pipeline.evaluation.metrics.registry import RECORDING, TEXT, TIMING, possible
from tts_pipeline.evaluation.metrics.scoring import NATURAL, Job, Scored, score_all
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.evaluation.plots import Panel, box_plots, mel_picture
from tts_pipeline.evaluation.scorecard.goals import (
    COPY,
    REFERENCE,
    SPEECH,
    Goals,
    Outcome,
    judge,
    outcome_table,
)
from tts_pipeline.evaluation.scorecard.renditions import Rendition, render
from tts_pipeline.evaluation.tables import as_json, markdown, score_csv, score_table
from tts_pipeline.vocoder.griffin_lim import GriffinLimVocoder

if TYPE_CHECKING:
    from tts_pipeline.voice.voice import Voice

__all__ = ["AlignedRecording", "Goals", "VoiceScores", "evaluate_voice"]

_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
# What is known of each system: copies have the recording's timing, speech has its own.
_GIVEN: dict[str, frozenset[str]] = {
    NATURAL: frozenset({TEXT}),
    COPY: frozenset({RECORDING, TIMING}),
    REFERENCE: frozenset({RECORDING, TIMING}),
    SPEECH: frozenset({RECORDING, TEXT}),
}


def wanted_metrics() -> dict[str, list[str]]:
    """By system the metrics that mean something for it."""
    return {system: possible(given) for system, given in _GIVEN.items()}


@dataclasses.dataclass(frozen=True)
class VoiceScores:
    """What :func:`evaluate_voice` finds.

    Attributes:
        scored: every utterance by every system: ``natural``, ``copy``, ``griffin-lim``,
            ``speech``.
        acoustic: name of the acoustic model that spoke, refiners included.
        vocoder: name of the vocoder of both.
        outcomes: the figures that have goals.
        unspoken: by utterance what of its text was not spoken; empty if all was.
        folder: where the report lies.
    """

    scored: list[Scored]
    acoustic: str
    vocoder: str
    outcomes: list[Outcome]
    unspoken: dict[str, tuple[str, ...]]
    folder: Path


def evaluate_voice(
    voice: Voice,
    recordings: Sequence[AlignedRecording],
    folder: Path,
    *,
    seed: int = 0,
    n_workers: int = 1,
    n_pictures: int = 10,
    goals: Goals | None = None,
    recogniser: Recogniser | None = None,
    with_reference: bool = True,
    metrics: Mapping[str, Sequence[str]] | None = None,
) -> VoiceScores:
    """Score a voice on a test set and write ``scores.json``, ``scores.md``, csv and pictures.

    Every recording is spoken twice: from its own mel (copy-synthesis, the vocoder alone) and from
    its text (both stages), with the voice's default models. Griffin-Lim does every third copy as a
    yardstick.

    Args:
        voice: the voice, at 16 kHz.
        recordings: the test set.
        folder: of the report; ``wavs/SYSTEM/ID.wav`` within it holds the sound.
        seed: of the first utterance; the others get the next ones.
        n_workers: processes that score.
        n_pictures: for so many of the recordings a picture of both mels and alignments.
        goals: what must be reached; default ``Goals()``.
        recogniser: default :class:`PocketsphinxRecogniser`.
        with_reference: whether Griffin-Lim is scored too.
        metrics: by system the metrics to score, None: all that mean something for it.

    Raises:
        ConfigError: if there are no recordings, or the voice has another sample rate.
        TTSPipelineError: if a text cannot be spoken or a recording not be used.
    """
    if not recordings:
        raise ConfigError("no recordings: expected a test set to evaluate the voice on")
    if voice.audio.sample_rate != SAMPLE_RATE:
        raise ConfigError(
            f"voice {voice.name!r}: sample_rate={voice.audio.sample_rate}, the metrics are defined "
            f"at {SAMPLE_RATE}"
        )
    recogniser = recogniser or PocketsphinxRecogniser()
    reference = GriffinLimVocoder(voice.audio) if with_reference else None
    renditions = render(voice, recordings, folder / "wavs", seed=seed, reference=reference)
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for rendition in renditions[:n_pictures]:
        _picture(rendition, voice.audio, pictures)
    wanted = wanted_metrics() if metrics is None else metrics
    jobs = [
        Job(
            name=item.recording.id,
            text=item.recording.text,
            natural=item.recording.waveform,
            natural_f0=item.recording.f0,
            versions=item.versions,
            wanted=wanted,
            recogniser=recogniser,
        )
        for item in renditions
    ]
    scored = score_all(jobs, n_workers=n_workers)
    unspoken = {item.recording.id: item.unspoken for item in renditions}
    whole = [not faults for faults in unspoken.values()]
    outcomes = judge(scored, whole, goals or Goals())
    acoustic, vocoder = voice.default_acoustic, voice.default_vocoder
    found = VoiceScores(scored, acoustic, vocoder, outcomes, unspoken, folder)
    _write(found, voice, recogniser, seed)
    return found


def _picture(rendition: Rendition, audio: AudioConfig, folder: Path) -> None:
    recording = rendition.recording
    frame_s = 1 / audio.frame_rate
    speech = rendition.versions[SPEECH]
    panels = [
        Panel("natural", log_mel(recording.waveform, audio), frame_s, recording.segments),
        Panel("from text", log_mel(speech, audio), frame_s, rendition.segments),
    ]
    mel_picture(folder / f"{recording.id}.png", recording.text, panels)


def _write(found: VoiceScores, voice: Voice, recogniser: Recogniser, seed: int) -> None:
    outcomes = {
        item.name: {
            "found": None if item.found is None else item.found._asdict(),
            "low": item.low if math.isfinite(item.low) else None,
            "high": item.high if math.isfinite(item.high) else None,
            "met": item.met,
        }
        for item in found.outcomes
    }
    content: dict[str, Any] = {
        "voice": voice.name,
        "fingerprint": voice.fingerprint,
        "acoustic": found.acoustic,
        "vocoder": found.vocoder,
        "seed": seed,
        "recogniser": recogniser.name,
        "goals": outcomes,
        "unspoken": {name: list(faults) for name, faults in found.unspoken.items() if faults},
        **as_json(found.scored),
    }
    write_json(found.folder / "scores.json", content)
    write_text(found.folder / "scores.csv", score_csv(found.scored))
    box_plots(found.scored, found.folder / "plots")
    text = _markdown(found, voice, recogniser)
    write_text(found.folder / "scores.md", text)


def _markdown(found: VoiceScores, voice: Voice, recogniser: Recogniser) -> str:
    ratios = [
        value
        for item in found.scored
        if item.system == SPEECH and (value := item.scores.value("duration_ratio")) is not None
    ]
    spread = [f"{value:.3f}" for value in np.quantile(ratios or [math.nan], _QUANTILES)]
    parts = [
        f"# Scores of the voice {voice.name}",
        f"{len(found.unspoken)} recordings of the test set; brackets hold 95 % bootstrap "
        f"intervals over utterances. Recogniser: {recogniser.name}.",
        "## Goals",
        outcome_table(found.outcomes),
        "## All figures",
        f"`natural`: the recordings. `copy`: natural mel through the vocoder `{found.vocoder}`. "
        "`griffin-lim`: the same through Griffin-Lim, every third recording. `speech`: text "
        f"through the acoustic model `{found.acoustic}` and the same vocoder. "
        "MCD of `speech` includes other timing and intonation. Recordings are compared as they "
        "were prepared for training (high-passed at 60 Hz, levelled, trimmed): rumble that no "
        "listener misses would count against every copy.",
        score_table(found.scored),
        "## Duration of single texts by that of the recording",
        markdown(["shortest", "5 %", "median", "95 %", "longest"], [spread]),
    ]
    faults = [f"- {name}: {'; '.join(own)}" for name, own in found.unspoken.items() if own]
    if faults:
        parts += ["## Texts not spoken whole", "\n".join(faults)]
    return "\n\n".join(parts) + "\n"
