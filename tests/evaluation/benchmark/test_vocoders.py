"""The benchmark of vocoders: who takes part and what is told, whatever the machine's speed."""

from __future__ import annotations

import json

import pytest

from tests.tiny import make_tiny_voice
from tests.vocoder.wavenet.small import SMALL, make_wavenet
from tts_pipeline import Voice
from tts_pipeline.cli import main
from tts_pipeline.evaluation.benchmark import vocoder_table
from tts_pipeline.evaluation.benchmark import vocoders as benchmark_vocoders

NAMES = ["naive", "cached", "numba-f32", "numba-f16", "parallel", "griffin-lim"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    make_tiny_voice(name="both").with_model("wavenet", make_wavenet(SMALL)).save(folder)
    return folder


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(benchmark_vocoders, "sentence", lambda _: "Go.")
    monkeypatch.setattr(benchmark_vocoders, "NAIVE_SAMPLES", 2)
    monkeypatch.setattr(
        benchmark_vocoders, "FRAMES", {"cached": 2, "numba-f32": 20, "numba-f16": 20}
    )


def test_the_command_writes_table_json_and_picture(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(benchmark_vocoders, "peak_memory_mb", lambda *_, threads: 50.0)
    monkeypatch.setattr(benchmark_vocoders, "compile_s", lambda *_: 2.0)
    files = ["--json", str(tmp_path / "b.json"), "--picture", str(tmp_path / "b.png")]
    options = ["--voice", str(folder), "--rounds", "2", *files]
    assert main(["benchmark", "vocoders", *options]) == 0
    shown = capsys.readouterr().out
    figures = json.loads((tmp_path / "b.json").read_text())
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")
    assert figures["wavenet_is_trained"] and figures["machine"]["processor"]
    rows = {row["name"]: row for row in figures["systems"]}
    assert list(rows) == NAMES
    for name, row in rows.items():
        assert row["samples_per_second"] == pytest.approx(16000 * row["xrt"])
        low, high = row["least_samples_per_second"], row["most_samples_per_second"]
        assert 0 < low <= row["samples_per_second"] <= high
        naive = rows["naive"]["samples_per_second"]
        assert row["speed_up_over_naive"] == pytest.approx(row["samples_per_second"] / naive)
        first = row["first_sample_ms"]
        assert 0 < first["least"] <= first["median"] <= first["most"]
        assert row["peak_memory_mb"] == 50
        compiles = name == "parallel" or name.startswith("numba")
        assert row["compile_s"] == (2.0 if compiles else None)
        assert f"| {name} " in shown
    assert rows["naive"]["speed_up_over_naive"] == 1
    assert rows["numba-f32"]["samples_per_second"] > rows["cached"]["samples_per_second"]
    assert "numba-f32 is " in shown and "random weights" not in shown


def test_a_voice_without_wavenet_gets_one_of_the_full_size_and_says_so():
    tiny = make_tiny_voice()
    candidates = benchmark_vocoders.Candidates(tiny, benchmark_vocoders.mel_blocks(tiny))
    assert not candidates.is_trained
    assert candidates.engine(None).config.receptive_field == 2047
    machine = {"processor": "x", "cores": 1, "load": None, "versions": {}}
    facts = {"machine": machine, "voice": "tiny", "wavenet_is_trained": False}
    row = {
        "threads": 1,
        "samples_per_second": 20_000.0,
        "least_samples_per_second": 1.0,
        "most_samples_per_second": 2.0,
        "xrt": 1.25,
        "speed_up_over_naive": 500.0,
        "first_sample_ms": None,
        "peak_memory_mb": None,
        "compile_s": None,
    }
    systems = [{"name": name, **row} for name in ("cached", "numba-f32")]
    shown = vocoder_table.table({**facts, "systems": systems})
    assert "voice tiny has no WaveNet" in shown and "numba-f32 is 1.0 x cached" in shown


def test_more_vocoders_take_part_if_asked(folder):
    voice = Voice.load(folder)
    candidates = benchmark_vocoders.Candidates(voice, benchmark_vocoders.mel_blocks(voice))
    names = candidates.names(smaller=True, batch=True)
    assert "numba-f16-10-layers" in names and "numba-f32-batch-2-cores" in names
    assert (
        len(candidates.engine(benchmark_vocoders.WaveNetConfig(n_stacks=1)).config.dilations) == 10
    )
    batch = candidates.vocoder("numba-f32-batch-2-cores")
    alone = candidates.vocoder("numba-f32")
    assert batch.threads == 2 and batch.sound(0) == 4 * alone.sound(0)


def test_each_alone_in_a_process_of_its_own(folder, capsys):
    benchmark_vocoders.run_alone(str(folder), "numba-f16", "twice")
    first, second = map(float, capsys.readouterr().out.split())
    assert first > 0 < second
