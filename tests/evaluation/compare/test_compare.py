"""The compare command on a voice that hums, with a strategy of somebody else."""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.evaluation.read_page import read_page
from tests.small_corpus import TINY_TEXTS, speech_like
from tts_pipeline.audio.files import write_audio
from tts_pipeline.cli import main
from tts_pipeline.commands.compare import main as compare
from tts_pipeline.comparison import read_comparison
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.strategy import unregister
from tts_pipeline.evaluation.metrics.registry import METRICS, Case, metric

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = "tests.evaluation.compare.loud_strategy"
CHOSEN = "natural,copy-parallel,autoregressive,loud,broken"
LIMITS = ("--limit", "autoregressive=1")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two texts with recordings, two takes of the second, and one without."""
    folder = tmp_path_factory.mktemp("texts")
    lines = []
    for name in ("tiny_01", "tiny_03"):
        write_audio(folder / f"{name}.wav", speech_like(TINY_TEXTS[name]), 16000)
        lines.append(f"{name}\t{TINY_TEXTS[name]}\t{name}.wav\n")
    write_audio(folder / "again.wav", 0.5 * speech_like(TINY_TEXTS["tiny_03"]), 16000)
    lines.append(f"again\t{TINY_TEXTS['tiny_03']}\tagain.wav\n")
    lines.append("other\tFive <b>bold</b> & old maps.\n")
    path = folder / "texts.tsv"
    path.write_text("".join(lines))
    return path


@pytest.fixture(scope="module")
def out(texts: Path, tiny_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison."""
    folder = tmp_path_factory.mktemp("comparison") / "out"
    assert compare(arguments(texts, tiny_voice, folder)) == 1  # One strategy fails.
    yield folder
    unregister(sys.modules[PLUGIN].loud)
    del METRICS["level_spread"]


def arguments(texts: Path, voice: Path, folder: Path) -> list[str]:
    return [
        *("--texts", str(texts), "--out", str(folder), "--voice", str(voice), "--seed", "5"),
        *("--use", PLUGIN, "--strategies", CHOSEN, *LIMITS, "--workers", "1"),
        *(
            "--metrics",
            "lsd,duration_ratio,level_spread",
            "--seeds",
            "2",
            "--public",
            str(folder / "public.html"),
        ),
    ]


def test_figures(out: Path, tiny_voice: Path) -> None:
    found = read_comparison(out)
    assert found.seed == 5 and found.sample_rate == 16000
    assert found.voice.name == "tiny" and len(found.voice.fingerprint) == 64
    assert [item.id for item in found.texts] == ["tiny_01", "tiny_03", "other"]
    assert [item.recordings for item in found.texts] == [1, 2, 0]
    rows = {row.name: row for row in found.strategies}
    assert list(rows) == CHOSEN.split(",")
    assert [row.n_texts for row in rows.values()] == [2, 2, 1, 3, 0]
    assert [name for name, row in rows.items() if row.reference] == ["natural"]
    assert rows["autoregressive"].limited_by == "limit" and rows["loud"].limited_by is None
    assert rows["broken"].failed == "ValueError: no luck today"
    for name in ("copy-parallel", "autoregressive", "loud"):
        cost = rows[name].cost
        assert cost.xrt.slowest <= cost.xrt.median <= cost.xrt.fastest
        assert cost.rtf == pytest.approx(1 / cost.xrt.median)
        assert 0 < cost.first_audio_ms.p50 <= cost.first_audio_ms.p95
        assert cost.gmac_per_s > 0 and cost.parameters > 0
        assert cost.peak_memory_mb is None or cost.peak_memory_mb > 50
    assert rows["natural"].cost is None
    # A copy keeps the timing, speech does not, so that one has a distance only.
    assert set(rows["copy-parallel"].metrics) == {"lsd", "duration_ratio"}
    assert rows["copy-parallel"].metrics["duration_ratio"].value == pytest.approx(1)
    assert set(rows["loud"].metrics) == {"duration_ratio", "level_spread"}


def test_a_metric_over_seeds_sees_all_renditions_and_all_takes(out: Path) -> None:
    found = read_comparison(out)
    # One text has two takes, of which the second is 6 dB softer before both are levelled.
    natural, loud = found.strategy("natural"), found.strategy("loud")
    assert natural.metrics["level_spread"].n == 1
    assert natural.metrics["level_spread"].value == pytest.approx(0, abs=0.1)
    assert loud.metrics["level_spread"].n == 3
    for sound in (item for item in found.sounds if item.strategy == "loud"):
        takes = [out / sound.file, out / "parts" / "seeds" / "loud" / f"{sound.text}+1.wav"]
        levels = [10 * np.log10(np.mean(soundfile.read(path)[0] ** 2)) for path in takes]
        assert abs(levels[0] - levels[1]) == pytest.approx(sound.scores["level_spread"], abs=1e-3)
        assert levels[0] != levels[1]


def test_items_are_files_with_the_seed_of_their_text(out: Path) -> None:
    items = {(item.strategy, item.text): item for item in read_comparison(out).sounds}
    assert len(items) == 8
    for (strategy, text), item in items.items():
        assert item.file == f"audio/{strategy}/{text}.wav"
        info = soundfile.info(out / item.file)
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert info.duration == pytest.approx(item.seconds)
        assert item.seed == 5 + ["tiny_01", "tiny_03", "other"].index(text)
    soft, loud = (
        soundfile.read(out / items[name, "tiny_01"].file)[0] for name in ("autoregressive", "loud")
    )
    np.testing.assert_allclose(loud, np.clip(1.5 * soft, -1, 1), atol=1e-4)


def test_report_needs_no_other_file_and_holds_the_sounds(out: Path) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    page = read_page(out / "report.html")
    sounds = [str(item["src"]) for item in page.all("audio")]
    addresses = sounds + [str(item["src"]) for item in page.all("img")]
    assert len(sounds) == 8 and all(address.startswith("data:") for address in addresses)
    assert not re.search(r"url\(|@import|<link|<script src|https?://", text)
    assert all(item["aria-label"] for item in page.all("audio"))
    assert all(item["alt"] for item in page.all("img"))
    assert all(
        str(item["href"]).startswith(("#", "..", "README")) or "README" in str(item["href"])
        for item in page.all("a")
    )
    flac = base64.b64decode(sounds[0].split(",", 1)[1])
    heard, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
    written, _ = soundfile.read(out / "audio/natural/tiny_01.wav", dtype="int16")
    np.testing.assert_array_equal(heard, written)
    assert "Five &lt;b&gt;bold&lt;/b&gt; &amp; old maps." in text
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        xml.etree.ElementTree.fromstring(svg)
    assert "broken failed: ValueError: no luck today" in text
    assert "autoregressive made 1 of 3 texts only, as asked" in text


def test_public_report_holds_no_recording(out: Path) -> None:
    page = read_page(out / "public.html")
    labels = [str(item["aria-label"]).split(":")[0] for item in page.all("audio")]
    assert sorted(labels) == ["autoregressive", "loud", "loud", "loud"]


def test_markdown_has_every_strategy_and_score(out: Path) -> None:
    text = (out / "report.md").read_text()
    for name in CHOSEN.split(","):
        assert f"| {name}" in text
    assert "log-spectral distance (dB)" in text and "| 1 of 3" in text


def test_a_second_run_keeps_what_is_there(
    out: Path, texts: Path, tiny_voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds = {path: path.stat().st_mtime_ns for path in (out / "audio").rglob("*.wav")}
    before = read_comparison(out)
    victim = out / "audio" / "copy-parallel" / "tiny_03.wav"
    old = victim.read_bytes()
    (out / "parts" / "copy-parallel" / "tiny_03.json").unlink()
    options = arguments(texts, tiny_voice, out)
    options[options.index(CHOSEN)] = "natural,copy-parallel,autoregressive,loud"
    assert compare(options) == 0
    for path, changed in sounds.items():
        assert (path.stat().st_mtime_ns == changed) == (path != victim)
    assert victim.read_bytes() == old
    for one, other in zip(before.sounds, read_comparison(out).sounds):
        assert one.scores == other.scores
    assert "x real time" in capsys.readouterr().out


def test_scores_of_earlier_runs_stay_and_only_new_metrics_are_computed(
    out: Path, texts: Path, tiny_voice: Path
) -> None:
    before = read_comparison(out)
    asked = []

    def counted(case: Case) -> float:
        asked.append(case)
        return case.generated.duration_s

    metric("seconds", "seconds", unit="s", better="lower")(counted)
    options = arguments(texts, tiny_voice, out)
    options[options.index(CHOSEN)] = "natural,copy-parallel,autoregressive,loud"
    chosen = options.index("--metrics") + 1
    options[chosen] = "lsd,duration_ratio,seconds"
    try:
        assert compare(options) == 0
        assert len(asked) == len(before.sounds)
        after = read_comparison(out)
        for one, other in zip(before.sounds, after.sounds):
            assert other.scores.pop("seconds") == pytest.approx(other.seconds)
            assert other.scores == {k: v for k, v in one.scores.items() if k != "level_spread"}
        asked.clear()
        assert compare(options) == 0
        assert not asked
    finally:
        del METRICS["seconds"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupted_run_goes_on(texts: Path, tiny_voice: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    options = ["compare", "--texts", texts, "--out", folder, "--voice", tiny_voice]
    options += ["--strategies", "autoregressive", "--metrics", "duration_ratio", "--workers", "1"]
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from tts_pipeline.cli import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, options)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    first = folder / "parts" / "autoregressive" / "tiny_01.json"
    end = time.monotonic() + 120
    while not first.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, 0), errors.decode()
    assert b"Traceback" not in errors
    made = sorted((folder / "audio" / "autoregressive").glob("*.wav"))
    assert made
    kept = {path: path.stat().st_mtime_ns for path in made if _recorded(folder, path)}
    assert kept
    assert main([str(option) for option in options]) == 0
    assert all(path.stat().st_mtime_ns == changed for path, changed in kept.items())
    assert len(read_comparison(folder).sounds) == 3
    assert not list(folder.rglob(".*"))


def _recorded(folder: Path, sound: Path) -> bool:
    return (folder / "parts" / "autoregressive" / f"{sound.stem}.json").exists()


@pytest.mark.parametrize(
    "more, message",
    [
        (
            ["--strategies", "autoregressive,nonsense"],
            "strategies nonsense: this voice permits natural",
        ),
        (["--limit", "autoregressive"], "--limit autoregressive: expected STRATEGY=N"),
        (["--limit", "nonsense=2"], "strategies nonsense"),
        (["--metrics", "beauty"], "metrics beauty: expected some of dnsmos_ovrl"),
        (["--use", "no_such_module_here"], "--use no_such_module_here: cannot be imported"),
    ],
)
def test_wrong_options_are_named(
    texts: Path, tiny_voice: Path, tmp_path: Path, more: list[str], message: str
) -> None:
    options = ["--texts", str(texts), "--out", str(tmp_path), "--voice", str(tiny_voice)]
    with pytest.raises(ConfigError, match=re.escape(message)):
        compare([*options, *more])


def test_names_must_be_file_names(tiny_voice: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.tsv"
    texts.write_text("../a\tA text.\n")
    with pytest.raises(ConfigError, match=r"name '\.\./a': expected letters"):
        compare(["--texts", str(texts), "--out", str(tmp_path), "--voice", str(tiny_voice)])


def test_missing_packages_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rooms = ("tts_pipeline.evaluation.", "tts_pipeline.commands.")
    for name in [key for key in sys.modules if key.startswith(rooms)]:
        monkeypatch.delitem(sys.modules, name)
    # None in sys.modules makes an import fail, as if the package were not installed.
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["compare", "--texts", "x", "--out", "y"]) == 1
    assert "compare needs tqdm" in (said := capsys.readouterr().err)
    assert "pip install 'tts_pipeline[eval]'" in said
