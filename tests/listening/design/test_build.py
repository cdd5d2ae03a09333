"""Building tests: sources, schedules, and that nothing tells what a sound is."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from tests.listening.simulation import LABELS, RATE, STRATEGIES, SoundMaker, small_test, tone
from tts_pipeline.audio.files import Audio, write_audio
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design.build import build_test
from tts_pipeline.listening.design.checks import RATINGS
from tts_pipeline.listening.design.plan import DESIGNS, Plan, read_plan
from tts_pipeline.listening.design.sounds import loudness_lufs
from tts_pipeline.listening.trials import Key, Trial, read_key


def _main_trials(session: tuple[Trial, ...]) -> list[Trial]:
    return [t for t in session if t.phase == "main" and not t.check]


@pytest.mark.parametrize("design", DESIGNS)
def test_nothing_public_tells_what_a_sound_is(
    design: str, comparison: Path, tmp_path: Path, speak: SoundMaker
) -> None:
    out = tmp_path / "test"
    plan = Plan(design, comparison=str(comparison), question="Well?", checks=1)
    key = build_test(plan, out, speak=speak)
    secrets = [*STRATEGIES, *LABELS.values(), "anchor", *map(re.escape, ("t01", "t02", "t03"))]
    pattern = re.compile("|".join(secrets).encode(), re.IGNORECASE)
    for path in (out / "public").rglob("*"):
        assert not pattern.search(str(path.relative_to(out)).encode())
        if path.is_file() and path.suffix != ".js":
            assert not pattern.search(path.read_bytes()), path
    files = {path.stem for path in (out / "public/audio").iterdir()}
    played = {s for session in key.sessions for t in session for s in t.stimuli}
    references = {t.reference for session in key.sessions for t in session if t.reference}
    level = json.loads((out / "public/test.json").read_text())["level"]
    assert files == played | references | {level}
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in files)
    # The hidden reference and X have names of their own, and checks look like any trial.
    assert not played & references
    for session in key.sessions:
        shapes = {frozenset(t.public()) for t in session if t.phase == "main"}
        assert len(shapes) == 1
        for trial in session:
            assert set(trial.public()) <= {
                "id", "phase", "kind", "stimuli", "reference", "aligned", "no_preference",
            }  # fmt: skip
            assert len(set(trial.stimuli)) == len(trial.stimuli)
    assert read_key(out) == key


def test_mos_hears_each_text_once_and_every_cell_equally_often(
    comparison: Path, tmp_path: Path
) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos")
    assert any("t04 is left out: missing in wavenet" in note for note in key.notes)
    cells: Counter[tuple[str, str]] = Counter()
    for session in key.sessions:
        trials = _main_trials(session)
        assert sorted(t.text for t in trials) == ["t01", "t02", "t03"]
        assert Counter(t.conditions[0] for t in trials) == dict.fromkeys(STRATEGIES, 1)
        cells.update((t.text, t.conditions[0]) for t in trials)
    assert len(key.sessions) == 24
    assert set(cells.values()) == {8}
    assert len(cells) == 9
    orders = {tuple(t.text for t in _main_trials(session)) for session in key.sessions}
    assert len(orders) > 3


def test_missing_conditions_can_be_kept(comparison: Path, tmp_path: Path) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos", missing="keep", exposure="full")
    heard = [(t.text, t.conditions[0]) for t in _main_trials(key.sessions[0])]
    assert len(heard) == 11
    assert ("t04", "natural") in heard
    assert ("t04", "wavenet") not in heard
    assert any("t04 is heard without wavenet" in note for note in key.notes)


def test_practice_with_a_text_that_was_never_recorded(tmp_path: Path) -> None:
    for name, texts in (("natural", "abc"), ("ours", "abcdef")):
        (tmp_path / name).mkdir()
        for text in texts:
            write_audio(tmp_path / name / f"{text}.wav", tone(0.4, 100 + len(texts)), RATE)
    plan = {"conditions": {n: str(tmp_path / n) for n in ("natural", "ours")}, "missing": "keep"}
    practised = set()
    for seed in range(6):
        settings = {"reference": "natural", "headphones": "off", "checks": 0, "seed": seed, **plan}
        key = build_test(Plan("mos", **settings), tmp_path / f"test-{seed}")
        training = [t for t in key.sessions[0] if t.phase == "training"]
        assert len(training) == 3
        practised.add(training[0].conditions)
    assert practised == {("natural",), ("ours",)}


def test_mushra_trials_are_complete_and_places_balanced(comparison: Path, tmp_path: Path) -> None:
    key = small_test(comparison, tmp_path / "test", design="mushra")
    places: Counter[tuple[str, int]] = Counter()
    for session in key.sessions:
        trials = _main_trials(session)
        assert sorted(t.text for t in trials) == ["t01", "t02", "t03"]
        for trial in trials:
            assert sorted(trial.conditions) == ["anchor-3500", *sorted(STRATEGIES)]
            assert trial.aligned
            assert key.stimuli[str(trial.reference)].condition == "natural"
            for place, (sound, name) in enumerate(zip(trial.stimuli, trial.conditions)):
                assert key.stimuli[sound].condition == name
                assert key.stimuli[sound].text == trial.text
                places[name, place] += 1
    assert set(places.values()) == {24 * 3 // 4}
    assert [c.role for c in key.conditions] == ["reference", "system", "system", "anchor"]
    sounds = {}
    for name in ("natural", "anchor-3500"):
        sound = next(s for s, what in key.stimuli.items() if what.condition == name)
        samples, rate = soundfile.read(tmp_path / f"test/public/audio/{sound}.wav")
        spectrum = np.abs(np.fft.rfft(samples)) ** 2
        frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
        sounds[name] = spectrum[frequencies > 4500].sum() / spectrum.sum()
    assert sounds["anchor-3500"] < 1e-4 * sounds["natural"]


@pytest.mark.parametrize(("design", "n_variants"), [("ab", 2), ("abx", 4)])
def test_pairs_come_equally_often_in_every_order(
    design: str, n_variants: int, comparison: Path, tmp_path: Path
) -> None:
    key = small_test(comparison, tmp_path / "test", design=design)
    seen: Counter[tuple[str, ...]] = Counter()
    for session in key.sessions:
        for trial in _main_trials(session):
            seen[(trial.text, *trial.conditions)] += 1
            if design == "abx":
                assert trial.conditions[2] == trial.conditions["ab".index(str(trial.expected))]
                assert trial.stimuli[2] not in trial.stimuli[:2]
    assert len(seen) == 3 * 3 * n_variants
    assert len(set(seen.values())) == 1


def test_chosen_pairs_only(comparison: Path, tmp_path: Path) -> None:
    pairs = (("wavenet", "two-stage"),)
    key = small_test(comparison, tmp_path / "test", design="ab", pairs=pairs)
    found = {frozenset(t.conditions) for s in key.sessions for t in _main_trials(s)}
    assert found == {frozenset(pairs[0])}


def test_practice_checks_and_headphones(
    comparison: Path, tmp_path: Path, speak: SoundMaker
) -> None:
    plan = Plan("mos", comparison=str(comparison), checks=2, training=3)
    key = build_test(plan, tmp_path / "test", speak=speak)
    for session in key.sessions:
        phases = [t.phase for t in session]
        assert phases == ["headphones"] * 6 + ["training"] * 3 + ["main"] * 4 + ["end"]
        training = [t for t in session if t.phase == "training"]
        assert training[0].conditions == ("natural",)
        assert len({t.conditions for t in training}) == 3
        # The text of the practice is not judged.
        assert {t.text for t in training}.isdisjoint(t.text for t in _main_trials(session))
        assert sorted(str(t.expected) for t in session[:6]) == ["1", "1", "2", "2", "3", "3"]
        checks = [t for t in session if t.check]
        assert len(checks) == 2
        assert all(str(t.expected) in RATINGS for t in checks)
    said = " ".join(speak.said)
    for trial in (t for session in key.sessions for t in session if t.check):
        assert RATINGS[str(trial.expected)] in said
    assert len(speak.said) == len(set(speak.said))


def test_sounds_are_equally_loud_and_notes_say_when_lowered(
    comparison: Path, tmp_path: Path
) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos", loudness_lufs=-12.0)
    levels = []
    for path in (tmp_path / "test/public/audio").iterdir():
        samples, rate = soundfile.read(path, dtype="float32")
        assert np.abs(samples).max() < 0.9
        levels.append(loudness_lufs(Audio(samples, rate)))
    assert max(levels) - min(levels) < 0.1
    assert levels[0] < -13
    assert any("lower than asked for" in note for note in key.notes)


def test_same_seed_same_order_and_other_names(comparison: Path, tmp_path: Path) -> None:
    def order(key: Key) -> list[tuple[str, tuple[str, ...]]]:
        return [(t.text, t.conditions) for session in key.sessions for t in session]

    first = small_test(comparison, tmp_path / "a", design="ab", seed=5)
    again = small_test(comparison, tmp_path / "b", design="ab", seed=5)
    other = small_test(comparison, tmp_path / "c", design="ab", seed=6)
    assert order(first) == order(again) != order(other)
    assert set(first.stimuli).isdisjoint(again.stimuli)


def test_yaml_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, hz in (("recordings", 100), ("ours", 150)):
        (tmp_path / name).mkdir()
        for text in ("one", "two", "three"):
            write_audio(tmp_path / name / f"{text}.flac", tone(0.5, hz), RATE)
    (tmp_path / "texts.tsv").write_text("one\tFirst words.\ntwo\tSecond words.\nthree\tThird.\n")
    plan = {
        "design": "intelligibility",
        "conditions": {"natural": "recordings", "ours": "ours"},
        "texts": "texts.tsv",
        "headphones": "off",
        "checks": 0,
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    out = tmp_path / "test"
    assert main(["listen", "build", str(tmp_path / "plan.yaml"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "natural (system), ours (system)" in said
    assert "set aside for practice" in said
    key = read_key(out)
    assert key.texts["two"] == "Second words."
    assert read_plan(tmp_path / "plan.yaml", design="mos").design == "mos"
    assert main(["listen", "build", str(tmp_path / "plan.yaml"), "--out", str(out)]) == 1
    assert "is in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"design": "opera"}, "design='opera': expected one of mos"),
        ({"only": ("opera",)}, "condition 'opera': expected one of natural, two-stage"),
        ({"text_ids": ("t99",)}, "text 't99'"),
        ({"text_ids": ("t04",)}, "no text is left for the test: text t04 is left out"),
        ({"design": "ab", "only": ("natural",)}, "needs two conditions"),
        ({"design": "mushra", "exposure": "latin"}, "shows every condition"),
        ({"design": "mushra", "anchors_hz": tuple(range(600, 1600, 100))}, "13 signals"),
        ({"design": "intelligibility", "exposure": "full"}, "knows its words"),
        ({"loudness_lufs": 3.0}, "loudness_lufs=3.0"),
        ({"comparison": None}, "where are the sounds?"),
        ({"comparison": "nowhere"}, "nowhere/comparison.json: cannot be read"),
        ({"design": "intelligibility", "text_ids": ("t01", "t02"), "training": 1}, "2 texts"),
    ],
)
def test_bad_plans_name_the_value(
    changes: dict, message: str, comparison: Path, tmp_path: Path
) -> None:
    settings = {"design": "mos", "comparison": str(comparison), "headphones": "off", **changes}
    with pytest.raises(ConfigError, match=re.escape(message)):
        build_test(Plan(**settings), tmp_path / "test", speak=SoundMaker())
    assert not (tmp_path / "test").exists()


def test_mushra_without_recordings_and_damaged_comparisons(
    comparison: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((comparison / "comparison.json").read_text())
    for strategy in content["strategies"]:
        strategy["reference"] = False
    folder = tmp_path / "comparison"
    folder.mkdir()
    (folder / "audio").symlink_to(comparison / "audio")
    arguments = ["listen", "build", "--from", str(folder), "--out", str(tmp_path / "test")]
    (folder / "comparison.json").write_text(json.dumps(content))
    assert main([*arguments, "--design", "mushra"]) == 1
    assert "MUSHRA needs the condition that holds the recordings" in capsys.readouterr().err
    for damaged in ('{"format": 1}', "{", "[]", '{"format": 2, "texts": 3}'):
        (folder / "comparison.json").write_text(damaged)
        assert main([*arguments, "--design", "mos"]) == 1
        assert str(folder / "comparison.json") in capsys.readouterr().err
