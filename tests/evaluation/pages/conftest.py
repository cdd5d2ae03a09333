"""A comparison with points over steps, as pages get it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_pipeline.audio.files import write_audio
from tts_pipeline.comparison import (
    ComparedSound,
    ComparedText,
    Comparison,
    Cost,
    Latency,
    Machine,
    Score,
    Speed,
    StrategyResult,
    VoiceMark,
)

VOCODER = "harmonic-noise"
MAIN = {
    "autoregressive": ("autoregressive", VOCODER),
    "autoregressive+flow-refiner": ("autoregressive", "flow-refiner", VOCODER),
    "one-shot": ("one-shot", VOCODER),
    "flow": ("flow", VOCODER),
    "masked": ("masked", VOCODER),
    "autoregressive-wavenet": ("autoregressive", "wavenet"),
    "somebody-elses": ("their-kind", VOCODER),
}
STEPS = {"flow": (1, 2, 4), "masked": (1, 8)}
TEXT = 'Five <b>"bold"</b> & old maps.'


def result(name: str, kinds: tuple[str, ...], value: float, **changes: Any) -> StrategyResult:
    content: dict[str, Any] = {
        "label": f"{name} for people",
        "reference": False,
        "needs_recording": False,
        "n_texts": 2,
        "n_possible": 2,
        "limited_by": None,
        "budget_s": 240.0,
        "failed": None,
        "cost": Cost(Speed(50, 40, 60), Latency(20, 25), 200.0, 2_000_000, 0.3, 50.0),
        "metrics": {"distillmos": Score(value, value - 0.1, value + 0.1, 2)},
        "unavailable": {},
        "kinds": kinds,
    }
    return StrategyResult(name=name, **{**content, **changes})


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """A comparison with sounds of different pitch; its second text is spoken by all."""
    folder = tmp_path_factory.mktemp("comparison")
    natural = result(
        "natural", (), 4.2, reference=True, needs_recording=True, cost=None, label="recording"
    )
    rows = [natural, *(result(name, kinds, 3.0) for name, kinds in MAIN.items())]
    for curve, steps in STEPS.items():
        for n in steps:
            name = f"{curve}-steps-{n}"
            rows.append(result(name, MAIN[curve], 2 + n / 10, curve=curve, steps=n))
    sounds = []
    for number, row in enumerate(rows):
        for text in ("a", "b"):
            if text == "a" and row.name == "one-shot":
                continue
            path = folder / "audio" / row.name / f"{text}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            time = np.arange(round(16000 * (0.5 + number / 100))) / 16000
            write_audio(path, 0.3 * np.sin(2 * np.pi * (100 + 20 * number) * time), 16000)
            file = path.relative_to(folder).as_posix()
            seconds = len(time) / 16000
            sounds.append(ComparedSound(text, row.name, file, seconds, 0, 0.02, 20.0, (), {}, None))
    comparison = Comparison(
        version="0",
        made="now",
        machine=Machine("some processor", 2, 1.0, {}),
        packages={},
        recogniser="none",
        voice=VoiceMark("tiny", "0" * 64),
        seed=0,
        n_seeds=1,
        sample_rate=16000,
        texts=(ComparedText("a", "One.", 1), ComparedText("b", TEXT, 1)),
        strategies=tuple(rows),
        sounds=tuple(sounds),
    )
    return comparison, folder
