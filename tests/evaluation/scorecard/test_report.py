"""The report on a voice, with one that hums and a recogniser that knows what it heard."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tests.small_corpus import TINY_TEXTS, speech_like
from tests.tiny import make_tiny_voice
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import read_audio
from tts_pipeline.corpus.aligned import AlignedRecording
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.metrics.registry import Scores
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.scorecard.goals import Goals, judge
from tts_pipeline.evaluation.scorecard.renditions import unspoken
from tts_pipeline.evaluation.scorecard.report import evaluate_voice


@dataclasses.dataclass(frozen=True)
class DeafRecogniser:
    """Hears the same words in everything."""

    name: str = "deaf"

    def transcribe(self, samples: np.ndarray) -> str:
        return "the cat sat"


def test_report_of_a_voice(tmp_path: Path):
    for package in ("jiwer", "librosa", "matplotlib"):
        pytest.importorskip(package)
    wanted = {
        "natural": ("wer",),
        "copy": ("stoi", "lsd"),
        "speech": ("wer", "deletions", "duration_ratio"),
    }
    recordings = [
        AlignedRecording(name, TINY_TEXTS[name], speech_like(TINY_TEXTS[name]))
        for name in ("tiny_01", "tiny_05")
    ]
    voice = make_tiny_voice()
    found = evaluate_voice(
        voice,
        recordings,
        tmp_path,
        n_pictures=1,
        recogniser=DeafRecogniser(),
        with_reference=False,
        metrics=wanted,
    )
    assert found.unspoken == {"tiny_01": (), "tiny_05": ()}
    content = json.loads((tmp_path / "scores.json").read_text())
    # "the cat sat" for "the cat sat on a mat" (3 deleted) and "we like hot soup" (4 words wrong).
    assert content["systems"]["speech"]["metrics"]["wer"]["value"] == pytest.approx(7 / 10)
    goals = content["goals"]
    assert goals["WER by natural WER"]["found"]["value"] == 1
    assert goals["share of texts spoken whole"]["met"] is True
    assert goals["copy-synthesis: PESQ-WB"]["met"] is None
    total = sum(
        len(read_audio(tmp_path / "wavs" / "speech" / f"{item.id}.wav").samples)
        for item in recordings
    ) / sum(len(item.waveform) for item in recordings)
    assert goals["total duration by natural"]["found"]["value"] == pytest.approx(total)
    assert "| WER by natural WER" in (tmp_path / "scores.md").read_text()
    assert (content["acoustic"], content["vocoder"]) == ("autoregressive", "parallel")
    assert "the acoustic model `autoregressive`" in (tmp_path / "scores.md").read_text()
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["tiny_01.png"]
    copies = sorted(path.name for path in (tmp_path / "wavs" / "copy").iterdir())
    assert copies == ["tiny_01.wav", "tiny_05.wav"]


def test_report_needs_recordings_and_16_khz(tmp_path):
    with pytest.raises(ConfigError, match="no recordings"):
        evaluate_voice(make_tiny_voice(), [], tmp_path)
    other = make_tiny_voice(AudioConfig(sample_rate=8000, fmax=4000.0))
    recording = AlignedRecording("a", "The cat.", speech_like("the cat"))
    with pytest.raises(ConfigError, match="sample_rate=8000"):
        evaluate_voice(other, [recording], tmp_path)


AUDIO = AudioConfig()
SPOKEN = (("K", 0.1, 0.15), ("AE1", 0.15, 0.25), ("T", 0.25, 0.3))


def test_phones_all_spoken():
    assert unspoken(["K", "AE1", "T"], SPOKEN, 0.4, AUDIO) == []


@pytest.mark.parametrize(
    "phones, segments, duration_s",
    [
        (["K", "AE1", "T", "S"], SPOKEN, 0.4),
        (["K", "AE1", "D"], SPOKEN, 0.4),
        (["K", "AE1", "T"], (SPOKEN[0], ("AE1", 0.15, 0.15), SPOKEN[2]), 0.4),
        (["K", "AE1", "T"], SPOKEN, 0.27),
    ],
    ids=["left out", "changed", "no frame", "cut off"],
)
def test_phones_not_spoken_are_found(phones, segments, duration_s):
    assert len(unspoken(phones, segments, duration_s, AUDIO)) == 1


def scored(system: str, name: str, **rows: tuple[float, ...]) -> Scored:
    return Scored(name, system, Scores(rows, {}))


def test_goals_are_judged_on_the_figures_themselves():
    items = [
        scored("natural", "a", wer=(1, 10), dnsmos_ovrl=(3.2, 1)),
        scored("natural", "b", wer=(1, 10), dnsmos_ovrl=(3.0, 1)),
        scored("copy", "a", pesq=(3.1, 1), stoi=(0.96, 1)),
        scored("copy", "b", pesq=(2.9, 1), stoi=(0.97, 1)),
        scored("speech", "a", wer=(2, 10), dnsmos_ovrl=(3.0, 1), duration_ratio=(1.2, 1.0)),
        scored("speech", "b", wer=(1, 10), dnsmos_ovrl=(2.9, 1), duration_ratio=(3.0, 3.0)),
    ]
    bounds = Goals(pesq=3.0, stoi=0.97, wer_ratio=1.15, duration=(0.85, 1.15), dnsmos_loss=0.3)
    found = {item.name: item for item in judge(items, [True, False], bounds)}

    def value(name: str) -> float:
        return found[name].found.value

    assert value("copy-synthesis: PESQ-WB") == pytest.approx(3.0)
    assert found["copy-synthesis: PESQ-WB"].met
    assert not found["copy-synthesis: STOI"].met
    assert value("WER by natural WER") == pytest.approx(1.5)
    assert not found["WER by natural WER"].met
    assert value("total duration by natural") == pytest.approx(1.05)
    assert value("DNSMOS OVRL less natural") == pytest.approx(-0.15)
    assert found["DNSMOS OVRL less natural"].met
    assert value("share of texts spoken whole") == 0.5
    assert not found["share of texts spoken whole"].met
    assert found["copy-synthesis: MCD (DTW) dB"].met is None
