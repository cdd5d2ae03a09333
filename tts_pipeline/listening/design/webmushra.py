"""Writes a test as a configuration of webMUSHRA, for those who run that already.

webMUSHRA (audiolabs, https://github.com/audiolabs/webMUSHRA) has no schedules of its own, so
every schedule becomes a file ``NAME-1.yaml``, ``NAME-2.yaml`` ...; it wants sounds of a page to be
of one length, so shorter ones are padded with silence. Its headphone check is another, so ours and
the spoken attention checks are left out, as are answers of no preference and tests of
intelligibility, which it does not have. Names and fields of its pages are those of its
``doc/experimenter.md`` and ``configs/``.
"""

from __future__ import annotations

import csv
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline.audio.files import read_audio
from tts_pipeline.audio.levels import resample
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design.sounds import write_plain_wav
from tts_pipeline.listening.trials import AB, ABX, MOS, MUSHRA, PUBLIC, TRAINING, Key, Trial

_SCALE = [
    {"value": value, "label": label}
    for value, label in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent"), start=1)
]


def export(key: Key, test: Path, out: Path) -> Path:
    """Write ``configs/`` for webMUSHRA and, beside it, ``conditions.csv``: what each sound is.

    Args:
        key: of the test.
        test: its folder.
        out: a new folder.

    Returns:
        The first configuration.

    Raises:
        ConfigError: for a test of intelligibility, or if ``out`` is in use.
    """
    import yaml

    if key.design == "intelligibility":
        raise ConfigError("webMUSHRA cannot ask for typed words; serve this test with listen serve")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: is in use; expected a new folder")
    sounds = out / "configs" / "resources" / key.test
    sounds.mkdir(parents=True)
    facts = json.loads((test / PUBLIC / "test.json").read_text(encoding="utf-8"))
    # webMUSHRA shows it as HTML.
    question = html.escape(str(facts["question"]))
    named: dict[str, tuple[str, str]] = {}
    paths = []
    for number, session in enumerate(key.sessions, start=1):
        used = [t for t in session if not t.check and t.kind in (MOS, MUSHRA, AB, ABX)]
        pages: dict[str, list[Any]] = {"training": [], "main": ["random"]}
        for trial in used:
            files = _padded(key, trial, test / PUBLIC / "audio", sounds)
            pages[trial.phase].append(_page(key, trial, question, files))
            for name, condition in zip(trial.stimuli, trial.conditions):
                named[name] = trial.text, condition
        config = {
            "testname": key.title,
            "testId": f"{key.test}-{number}",
            "bufferSize": 2048,
            "stopOnErrors": True,
            "showButtonPreviousPage": False,
            "remoteService": "service/write.php",
            "pages": [
                {
                    "type": "generic",
                    "id": "welcome",
                    "name": key.title,
                    "content": question,
                },
                *pages["training"],
                pages["main"],
                {
                    "type": "finish",
                    "name": "Thank you",
                    "content": "You have answered everything.",
                    "showResults": False,
                    "writeResults": True,
                },
            ],
        }
        path = out / "configs" / f"{key.design}-{number}.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), "utf-8")
        paths.append(path)
    # Beside configs/, which is served: listeners must not know this.
    with (out / "conditions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["stimulus", "text", "condition"])
        writer.writerows((name, *what) for name, what in named.items())
    return paths[0]


def _padded(key: Key, trial: Trial, source: Path, out: Path) -> dict[str, str]:
    """Copies of a trial's sounds of one length and rate; from id to path inside webMUSHRA."""
    names = [*trial.stimuli, *([trial.reference] if trial.reference else [])]
    audio = {name: read_audio(source / f"{name}.wav") for name in names}
    rate = max(sound.sample_rate for sound in audio.values())
    samples = {
        name: sound.samples
        if sound.sample_rate == rate
        else resample(sound.samples, sound.sample_rate, rate)
        for name, sound in audio.items()
    }
    longest = max(map(len, samples.values()))
    files = {}
    for name in names:
        # The same sound may be in several trials, padded to another length in each.
        file = f"{name}-{longest}.wav"
        if not (out / file).exists():
            padded = np.pad(samples[name], (0, longest - len(samples[name])))
            write_plain_wav(out / file, padded, rate)
        files[name] = f"configs/resources/{key.test}/{file}"
    return files


def _page(key: Key, trial: Trial, question: str, files: Mapping[str, str]) -> dict[str, Any]:
    page: dict[str, Any] = {
        "id": trial.id,
        "name": "Practice" if trial.phase == TRAINING else "Trial",
        "content": question,
    }
    if trial.kind == MOS:
        (name,) = trial.stimuli
        return {
            **page,
            "type": "likert_single_stimulus",
            "mustRate": True,
            "mustPlayback": "ended",
            "reference": files[name],
            "stimuli": {name: files[name]},
            "response": _SCALE,
        }
    if trial.kind == MUSHRA:
        # webMUSHRA adds the hidden reference itself.
        hidden = trial.conditions.index(str(key.reference))
        return {
            **page,
            "type": "mushra",
            "showWaveform": True,
            "enableLooping": True,
            "strict": False,
            "reference": files[str(trial.reference)],
            "createAnchor35": False,
            "createAnchor70": False,
            "randomize": True,
            "showConditionNames": False,
            "stimuli": {name: files[name] for i, name in enumerate(trial.stimuli) if i != hidden},
        }
    if trial.kind == AB:
        return {
            **page,
            "type": "preference_test",
            "considerOrder": False,
            "numPerTrial": 2,
            "mustPlayback": "ended",
            "stimuli": {name: files[name] for name in trial.stimuli},
        }
    # It plays the reference as X, and offers it and the stimulus as A and B in random order.
    other = trial.stimuli[1 if trial.expected == "a" else 0]
    return {
        **page,
        "type": "paired_comparison",
        "showWaveform": False,
        "enableLooping": False,
        "reference": files[trial.stimuli[2]],
        "stimuli": {other: files[other]},
    }
