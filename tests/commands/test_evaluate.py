"""The evaluate command on folders that the test makes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.small_corpus import TINY_TEXTS, speech_like
from tts_pipeline.audio.files import write_audio
from tts_pipeline.audio.levels import resample
from tts_pipeline.commands.evaluate import in_common_band, main, read_texts, sounds_in
from tts_pipeline.errors import ConfigError

NAMES = ("tiny_01", "tiny_02")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Copies with noise, the recordings, and their texts."""
    generated, reference = tmp_path / "noisy", tmp_path / "reference"
    rng = np.random.default_rng(0)
    for folder in (generated, reference):
        folder.mkdir()
    for name in NAMES:
        clean = speech_like(TINY_TEXTS[name])
        write_audio(reference / f"{name}.flac", clean, 16000)
        noise = 0.02 * rng.standard_normal(len(clean)).astype(np.float32)
        write_audio(generated / f"{name}.wav", clean + noise, 16000)
    texts = tmp_path / "texts.tsv"
    texts.write_text("".join(f"{name}\t{text}\n" for name, text in TINY_TEXTS.items()))
    return generated, reference, texts


def test_table_json_csv_and_plots(folders, tmp_path, capsys):
    pytest.importorskip("librosa")
    pytest.importorskip("matplotlib")
    generated, reference, _ = folders
    outputs = {name: tmp_path / "out" / name for name in ("all.json", "each.csv", "plots")}
    code = main(
        [
            *("--generated", str(generated), "--reference", str(reference)),
            *("--metrics", "lsd,duration_ratio,f0_rmse"),
            *("--json", str(outputs["all.json"]), "--csv", str(outputs["each.csv"])),
            *("--plots", str(outputs["plots"])),
        ]
    )
    assert code == 0
    table = capsys.readouterr().out
    assert "log-spectral distance (dB)" in table and "| noisy" in table

    found = json.loads(outputs["all.json"].read_text())["systems"]["noisy"]
    assert found["unavailable"] == {}
    distance = found["metrics"]["lsd"]
    assert distance["n"] == 2 and distance["low"] <= distance["value"] <= distance["high"]
    assert found["metrics"]["duration_ratio"]["value"] == 1

    rows = list(csv.DictReader(outputs["each.csv"].open()))
    assert [row["name"] for row in rows if row["system"] == "noisy"] == list(NAMES)
    own = [float(row["lsd"]) for row in rows if row["system"] == "noisy"]
    assert np.mean(own) == pytest.approx(distance["value"], rel=1e-5)
    plots = sorted(path.name for path in outputs["plots"].iterdir())
    assert plots == ["box-duration_ratio.png", "box-f0_rmse.png", "box-lsd.png"]


def test_what_cannot_be_computed_is_named_with_its_reason(folders, capsys, monkeypatch):
    generated, reference, _ = folders
    # None in sys.modules makes an import fail, as if the package were not installed.
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    options = ["--generated", str(generated), "--reference", str(reference)]
    assert main([*options, "--metrics", "pesq,duration_ratio"]) == 1
    table = capsys.readouterr().out
    assert "PESQ-WB, not available for 2 of 2 utterances" in table
    assert "pip install 'tts_pipeline[eval]'" in table


def test_names_must_match(folders):
    generated, reference, _ = folders
    (reference / "tiny_02.flac").unlink()
    with pytest.raises(ConfigError, match=r"lacks 1 of the 2 names .*tiny_02"):
        main(["--generated", str(generated), "--reference", str(reference)])
    with pytest.raises(ConfigError, match="unknown_metric"):
        main(["--generated", str(generated), "--metrics", "unknown_metric"])


@pytest.mark.parametrize(
    "content, message",
    [
        ("a\tx\na\ty\n", ":2: a has a text already"),
        ("a x\n", ":1: expected"),
        ("a\t \n", ":1: exp"),
    ],
)
def test_bad_texts_are_named_by_line(tmp_path, content, message):
    path = tmp_path / "texts.tsv"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_texts(path)


def test_folders_without_sound_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="not a folder"):
        sounds_in(tmp_path / "absent")
    with pytest.raises(ConfigError, match="holds no sound"):
        sounds_in(tmp_path)
    for suffix in (".wav", ".flac"):
        write_audio(tmp_path / f"a{suffix}", speech_like("a")[:4000], 16000)
    with pytest.raises(ConfigError, match="same name"):
        sounds_in(tmp_path)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_a_copy_at_another_rate_is_as_near_as_its_common_band_allows(
    tmp_path: Path, rate: int
) -> None:
    pytest.importorskip("pyworld")
    from tts_pipeline.evaluation.metrics.cepstral import mel_cepstral_distortion
    from tts_pipeline.evaluation.metrics.sound import Sound

    clip = speech_like(TINY_TEXTS[NAMES[0]])
    clip = clip + 1e-3 * np.random.default_rng(1).standard_normal(len(clip)).astype(np.float32)
    write_audio(tmp_path / "clip.flac", clip, 16000)
    write_audio(tmp_path / "copy.flac", resample(clip, 16000, rate), rate)
    one, other = in_common_band([tmp_path / "clip.flac", tmp_path / "copy.flac"])
    assert abs(len(one) - len(other)) <= 1
    distance = mel_cepstral_distortion(Sound(one), Sound(other))
    # Each file by itself is resampled to the metrics' rate, and the clip keeps its whole band.
    (resampled,) = in_common_band([tmp_path / "copy.flac"])
    apart = mel_cepstral_distortion(Sound(clip), Sound(resampled))
    assert apart > 1.5 and distance < apart / 3
    np.testing.assert_allclose(one[: len(other)], other[: len(one)], atol=2e-3)
    # Files of the metrics' own rate are left as they are.
    alone = in_common_band([tmp_path / "clip.flac"])[0]
    np.testing.assert_allclose(alone, clip, atol=1 / 32767)
