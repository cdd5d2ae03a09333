"""Makes the folder of a listening test: sounds, schedules, page, key and a report."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline import __version__
from tts_pipeline.audio.files import Audio, read_audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design import sounds
from tts_pipeline.listening.design.checks import Speak, speak_with_voice
from tts_pipeline.listening.design.plan import QUESTIONS, Plan
from tts_pipeline.listening.design.schedule import N_TONES, Scheduler, opaque_id
from tts_pipeline.listening.design.sources import Sources, find_sources
from tts_pipeline.listening.trials import (
    FORMAT,
    MAIN,
    PUBLIC,
    Condition,
    Key,
    Stimulus,
    public_session,
)

MID_ANCHOR_HZ = 7000
# Sounds are named (text, condition); spoken checks and anchors get conditions of their own.
_CHECK = "\0check"
# Seconds a listener needs for a trial: so many times its sounds, and so many more to answer.
_PACE = {"mos": (1.3, 4), "mushra": (3, 15), "ab": (1.6, 5), "abx": (2, 6), "typed": (1.6, 15)}
_LEVEL_SECONDS, _TONES_SECONDS = 60, 7


def build_test(plan: Plan, out: Path, *, speak: Speak = speak_with_voice) -> Key:
    """Build a test.

    Args:
        plan: what to compare, and how.
        out: folder to make; must not exist or be empty, since answers belong to one build.
        speak: says the attention checks.

    Raises:
        ConfigError: if the plan cannot be met or ``out`` is in use.
        AudioError: if a sound cannot be read or is silent.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: is in use; expected a new folder, as answers fit one build only")
    sources = find_sources(plan)
    builder = _Builder(plan, sources, speak)
    scheduler = Scheduler(
        plan,
        sources,
        tuple(builder.anchors),
        builder.id_of,
        builder.seconds_of,
        builder.tones,
        builder.check_id,
    )
    sessions = scheduler.sessions()
    matched = sounds.match_loudness(builder.audio, plan.loudness_lufs)
    having = sources.having(scheduler.practice_text)
    loud = sources.reference if sources.reference in having else having[0]
    level = builder.id_of(scheduler.practice_text, loud, 2)
    notes = (*sources.notes, *scheduler.notes, *_level_notes(plan, matched))
    key = Key(
        FORMAT,
        __version__,
        opaque_id(),
        plan.design,
        plan.title,
        plan.headphones,
        plan.max_listeners,
        builder.anchors_by_hz.get(MID_ANCHOR_HZ),
        builder.conditions(),
        sources.texts,
        builder.stimuli(matched),
        sessions,
        notes,
    )
    _write(plan, key, builder, matched, level, out)
    return key


class _Builder:
    """The sounds of a test and their opaque names."""

    def __init__(self, plan: Plan, sources: Sources, speak: Speak) -> None:
        self.sources, self.speak = sources, speak
        self.audio: dict[tuple[str, str], Audio] = {
            key: read_audio(path) for key, path in sources.files.items()
        }
        self.ids: dict[tuple[str, str, int], str] = {}
        self.anchors: dict[str, int] = {}
        if plan.design == "mushra":
            self.anchors = {f"anchor-{hz}": hz for hz in plan.anchors_hz}
            self._add_anchors()
        self.anchors_by_hz = {hz: name for name, hz in self.anchors.items()}
        self.tone_orders: dict[str, tuple[str, ...]] = {}
        if plan.headphones != "off":
            # Woods et al. 2017: every order once.
            self.tone_orders = {
                opaque_id(): order
                for order in itertools.islice(itertools.permutations(sounds.TONE_KINDS), N_TONES)
            }
        self.tones = [
            (name, str(order.index("quiet") + 1)) for name, order in self.tone_orders.items()
        ]

    def _add_anchors(self) -> None:
        for name, cutoff in self.anchors.items():
            if name in self.sources.conditions:
                raise ConfigError(f"conditions.{name}: the name of an anchor; choose another")
            for text in self.sources.texts:
                reference = self.audio[text, str(self.sources.reference)]
                self.audio[text, name] = sounds.low_pass(reference, cutoff)

    def id_of(self, text: str, condition: str, copy: int) -> str:
        return self.ids.setdefault((text, condition, copy), opaque_id())

    def seconds_of(self, text: str, condition: str) -> float:
        return self.audio[text, condition].duration_s

    def check_id(self, text: str, copy: int) -> str:
        if (text, _CHECK) not in self.audio:
            self.audio[text, _CHECK] = self.speak(text)
        return self.id_of(text, _CHECK, copy)

    def conditions(self) -> tuple[Condition, ...]:
        reference = self.sources.reference
        return (
            *(
                Condition(name, label, "reference" if name == reference else "system")
                for name, label in self.sources.conditions.items()
            ),
            *(
                Condition(name, f"{hz / 1000:g} kHz low-pass", "anchor")
                for name, hz in self.anchors.items()
            ),
        )

    def stimuli(self, matched: sounds.Matched) -> dict[str, Stimulus]:
        return {
            name: Stimulus(
                text,
                "" if condition == _CHECK else condition,
                round(self.seconds_of(text, condition), 4),
                round(matched.gains_db[text, condition], 2),
            )
            for (text, condition, _), name in self.ids.items()
        }


def _level_notes(plan: Plan, matched: sounds.Matched) -> list[str]:
    notes = [f"all sounds are at {matched.level_lufs:.1f} LUFS (ITU-R BS.1770)"]
    if matched.limiting is not None:
        text, condition = matched.limiting
        what = "an attention check" if condition == _CHECK else f"text {text} in {condition}"
        missing = plan.loudness_lufs - matched.level_lufs
        notes.append(
            f"that is {missing:.1f} dB lower than asked for: {what} would have peaked above "
            f"{sounds.PEAK_LIMIT_DB:g} dBFS, so all were lowered together"
        )
    return notes


def minutes(key: Key) -> int:
    """About how long a listener will take."""

    def seconds(session: Any) -> float:
        total = float(_LEVEL_SECONDS)
        for trial in session:
            length = sum(key.stimuli[name].seconds for name in trial.stimuli if name in key.stimuli)
            pace, answer = _PACE.get(trial.kind, (0, _TONES_SECONDS))
            total += pace * length + answer
        return total

    return max(1, math.ceil(float(np.mean([seconds(session) for session in key.sessions])) / 60))


def _write(
    plan: Plan, key: Key, builder: _Builder, matched: sounds.Matched, level: str, out: Path
) -> None:
    public = out / PUBLIC
    (public / "audio").mkdir(parents=True)
    (public / "sessions").mkdir()
    for (text, condition, _), name in builder.ids.items():
        sound = matched.sounds[text, condition]
        sounds.write_plain_wav(public / "audio" / f"{name}.wav", sound.samples, sound.sample_rate)
    for name, order in builder.tone_orders.items():
        tones = sounds.headphone_tones(order)
        sounds.write_plain_wav(public / "audio" / f"{name}.wav", tones, sounds.TONE_RATE)
    for number, session in enumerate(key.sessions):
        _dump(public / "sessions" / f"{number}.json", public_session(session))
    _dump(
        public / "test.json",
        {
            "format": FORMAT,
            "test": key.test,
            "mode": "download",
            "design": plan.design,
            "title": plan.title,
            "introduction": plan.introduction,
            "question": plan.question or QUESTIONS[plan.design],
            "contact": plan.contact,
            "minutes": minutes(key),
            "headphones": plan.headphones != "off",
            "checks": plan.n_checks > 0,
            "sessions": len(key.sessions),
            "level": level,
        },
    )
    page = importlib.resources.files("tts_pipeline.listening") / "page"
    with importlib.resources.as_file(page) as folder:
        shutil.copytree(folder, public, dirs_exist_ok=True)
    (out / "report.md").write_text(report(plan, key), encoding="utf-8")
    # Last: a folder without it was not finished.
    key.save(out)


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def report(plan: Plan, key: Key) -> str:
    """What was built, in Markdown."""
    main = [sum(t.phase == MAIN and not t.check for t in session) for session in key.sessions]
    names = ", ".join(f"{item.name} ({item.role})" for item in key.conditions)
    length = f"{min(main)}" if min(main) == max(main) else f"{min(main)} to {max(main)}"
    lines = [
        f"# {key.title}",
        "",
        f"- design: {key.design}, {'all conditions' if plan.full else 'Latin square'}; "
        f"seed {plan.seed}; made by tts_pipeline {key.version}",
        f"- conditions: {names}",
        f"- texts: {len(key.texts)} ({', '.join(key.texts)})",
        f"- schedules: {len(key.sessions)}, each with {length} trials, "
        f"{plan.n_checks} attention checks, {plan.n_training} practice trials; "
        f"about {minutes(key)} minutes",
        f"- headphone check: {plan.headphones}",
        *(f"- {note}" for note in key.notes),
    ]
    return "\n".join(lines) + "\n"
