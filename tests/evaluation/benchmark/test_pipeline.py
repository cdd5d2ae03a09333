"""The benchmark: what it counts, whatever the machine's speed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from tts_pipeline.cli import main
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.evaluation.benchmark import peers
from tts_pipeline.evaluation.benchmark import pipeline as benchmark_pipeline
from tts_pipeline.evaluation.benchmark.timing import Job, Timed, interleaved, peak_memory_mb
from tts_pipeline.voice.voice import Voice


def test_jobs_take_turns() -> None:
    calls: list[tuple[str, int, int]] = []

    def run(name: str):  # type: ignore[no-untyped-def]
        def one(call: int) -> float:
            calls.append((name, call, n_threads()))
            return 2.0

        return one

    def n_threads() -> int:
        (pool,) = [pool for pool in threadpool_info() if "numpy" in pool["filepath"]]
        return pool["num_threads"]

    before = n_threads()
    jobs = [Job("a", "t", run("a"), 1, repeats=2), Job("b", "t", run("b"), 2, every=2)]
    first, second = interleaved(jobs, 3)
    assert calls == [
        ("a", 0, 1),
        *[("a", 0, 1), ("a", 1, 1), ("b", 0, 2)],
        *[("a", 2, 1), ("a", 3, 1)],
        *[("a", 4, 1), ("a", 5, 1), ("b", 2, 2)],
    ]
    assert (len(first.seconds), len(second.seconds)) == (6, 2)
    assert second.audio_s == (2.0, 2.0)
    assert n_threads() == before


def test_speed_is_a_median_of_rates() -> None:
    timed = Timed("a", "t", 1, (0.1, 0.2, 0.5), (1.0, 4.0, 1.0))
    assert timed.median_s == 0.2
    assert timed.xrt == pytest.approx(10)
    assert timed.xrt_span == pytest.approx((2, 20))
    assert timed.percentile_s(50) == pytest.approx(0.2)


def test_sentences_differ() -> None:
    made = [benchmark_pipeline.sentence(number) for number in range(156)]
    assert len(set(made)) == 156
    assert all(text.count(", and ") == 2 for text in made)


def test_memory_is_that_of_the_new_process() -> None:
    filler = bytearray(300 * 2**20)
    small = peak_memory_mb("pass")
    big = peak_memory_mb("import sys; x = b'x' * (int(sys.argv[1]) * 2**20)", "200")
    assert len(filler)
    if small is not None and big is not None:
        assert small < 100
        assert 200 < big < 300


def test_figures_table_and_picture(
    tiny_voice: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(benchmark_pipeline, "N_SENTENCES", 2)
    monkeypatch.setattr(benchmark_pipeline, "peak_memory_mb", lambda *_: 1.0)
    out, picture = tmp_path / "figures.json", tmp_path / "figures.png"
    options = ["--voice", str(tiny_voice), "--rounds", "1", "--threads", "1", "--no-peers"]
    written = ["--json", str(out), "--picture", str(picture)]
    assert main(["benchmark", "pipeline", *options, *written]) == 0
    figures = json.loads(out.read_text())
    assert sum(figures["share"].values()) == pytest.approx(1)
    assert {(row["name"], row["text"]) for row in figures["systems"]} >= {
        *(("text to waveform", text) for text in ("short", "ten seconds", "ten minutes")),
        *((stage, "ten seconds") for stage in ("stage 1", "stage 2", "first sound")),
    }
    assert all(row["xrt"] > 0 for row in figures["systems"])
    assert figures["first_sound_ms"]["p50"] <= figures["first_sound_ms"]["p95"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    for expected in ("text to waveform", "frames/s", "first sound of ten seconds", "peak memory"):
        assert expected in shown


def test_speech_gets_as_many_threads_as_are_timed(
    tiny_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_pipeline, "N_SENTENCES", 2)
    given: list[int] = []
    for name in ("synthesize", "stream"):
        made = getattr(benchmark_pipeline, name)

        def spy(*arguments, made=made, **options):  # type: ignore[no-untyped-def]
            given.append(options["threads"])
            return made(*arguments, **options)

        monkeypatch.setattr(benchmark_pipeline, name, spy)
    jobs = benchmark_pipeline.jobs_for(Voice.load(tiny_voice), (1, 2), None, peers=False)
    spoken = [job for job in jobs if job.name in ("text to waveform", "first sound")]
    for job in spoken:
        job.run(0)
    assert given == [job.threads for job in spoken] == [1] * 4 + [2] * 4


def test_piper_takes_part_with_a_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "low.onnx"
    with pytest.raises(TTSPipelineError, match=r"low\.onnx: missing"):
        peers.installed(model)
    model.touch()
    with pytest.raises(TTSPipelineError, match=r"low\.onnx\.json: missing"):
        peers.installed(model)
    Path(f"{model}.json").touch()
    monkeypatch.setattr(peers, "BESIDE", tmp_path)
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable) if os.name == "nt" else "/bin")
    with pytest.raises(TTSPipelineError, match="piper is not installed"):
        peers.installed(model)
    if os.name == "nt":
        return
    # A stand-in that takes the same arguments and speaks for half a second.
    program = tmp_path / "piper"
    program.write_text(
        f"#!{sys.executable}\nimport sys, soundfile\n"
        "model, source, out = sys.argv[2], sys.argv[4], sys.argv[6]\n"
        "assert sys.argv[1::2] == ['-m', '--input-file', '-f']\n"
        "soundfile.write(out, [0.0] * 8000, 16000)\n"
    )
    program.chmod(0o755)
    assert peers.installed(model)["piper low"]("Hello.") == 0.5
