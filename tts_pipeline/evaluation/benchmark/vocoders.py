"""Vocoders against each other on the same mel: what is timed, and what comes of it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from tts_pipeline.evaluation.benchmark.pipeline import sentence
from tts_pipeline.evaluation.benchmark.timing import (
    Job,
    Timed,
    interleaved,
    machine,
    peak_memory_mb,
)
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.engine import WaveNetEngine
from tts_pipeline.voice.defaults import GRIFFIN_LIM
from tts_pipeline.voice.voice import Voice

if TYPE_CHECKING:
    from tts_pipeline.vocoder.wavenet.model import WaveNet

NAIVE, CACHED, F32, F16 = "naive", "cached", "numba-f32", "numba-f16"
PARALLEL = "parallel"
WAVENETS = (NAIVE, CACHED, F32, F16)
SMALLER, BATCH = "-10-layers", "-batch-2-cores"
SOUND, FIRST = "samples", "first sample"
# What a timed call makes: about a second's work on a machine like that of the README.
NAIVE_SAMPLES, FRAMES, N_ITEMS = 16, {CACHED: 15, F32: 150, F16: 150}, 4

_ALONE = """
import sys
from tts_pipeline.evaluation.benchmark.vocoders import run_alone
run_alone(*sys.argv[1:])
"""

Call = Callable[[int], float]


class VocoderUnderTest(NamedTuple):
    """A vocoder in the benchmark.

    Attributes:
        sound: makes sound, given the number of the call; returns its seconds.
        first: makes the first samples of an utterance, or None if that is not asked.
        threads: that it uses.
    """

    sound: Call
    first: Call | None
    threads: int = 1


class Candidates:
    """All that may take part, each made when it is asked for.

    Args:
        voice: its WaveNet takes part, or one of the full size with random weights.
        blocks: the mel ``(M, t)`` as it comes.
    """

    def __init__(self, voice: Voice, blocks: list[np.ndarray]) -> None:
        self.voice, self.blocks, self.mel = voice, blocks, np.concatenate(blocks, 1)
        self.is_trained = "wavenet" in voice.vocoders
        self._random: dict[WaveNetConfig, WaveNet] = {}

    def names(self, *, smaller: bool, batch: bool) -> list[str]:
        """Their names, from the first WaveNet on.

        Args:
            smaller: also a WaveNet of 10 layers, with random weights.
            batch: also several utterances at once on two cores.
        """
        names = list(WAVENETS)
        names += [name + BATCH for name in (F32, F16) if batch]
        names += [name + SMALLER for name in (F32, F16) if smaller]
        names += [PARALLEL] if PARALLEL in self.voice.vocoders else []
        return [*names, GRIFFIN_LIM]

    def vocoder(self, name: str) -> VocoderUnderTest:
        """One of them."""
        if name == PARALLEL:
            return VocoderUnderTest(self._whole(PARALLEL), self._first_of_parallel)
        if name == GRIFFIN_LIM:
            return VocoderUnderTest(self._whole(GRIFFIN_LIM), self._whole(GRIFFIN_LIM))
        generator, n_items, config = name, 1, None
        if name.endswith(SMALLER):
            generator, config = name.removesuffix(SMALLER), WaveNetConfig(n_stacks=1)
        if name.endswith(BATCH):
            generator, n_items = name.removesuffix(BATCH), N_ITEMS
        return self._wavenet(generator, n_items, config)

    def _whole(self, vocoder: str) -> Call:
        audio_s = self.mel.shape[1] / self.voice.audio.frame_rate

        def run(call: int) -> float:
            self.voice.choose_vocoder(vocoder).infer(self.mel, seed=call)
            return audio_s

        return run

    def _first_of_parallel(self, call: int) -> float:
        parts = self.voice.choose_vocoder(PARALLEL).stream(self.blocks, seed=call)
        return len(next(iter(parts))) / self.voice.audio.sample_rate

    def _wavenet(
        self, generator: str, n_items: int, config: WaveNetConfig | None
    ) -> VocoderUnderTest:
        engine = self.engine(config)
        rate = engine.features.sample_rate
        if generator in (F32, F16):
            writer: Any = engine.writer(use_float16=generator == F16)
        else:
            from tts_pipeline.vocoder.wavenet.reference import CachedWaveNet, NaiveWaveNet

            writer = (NaiveWaveNet if generator == NAIVE else CachedWaveNet)(self._model(config))

        def sound(call: int) -> float:
            mel = self.mel[:, : FRAMES[generator]]
            if n_items > 1:
                writer.n_threads = 2
            engine.infer(np.stack([mel] * n_items), seed=call, writer=writer)
            return n_items * mel.shape[1] / engine.features.frame_rate

        def first(call: int) -> float:
            return len(next(engine.stream(self.blocks, seed=call, writer=writer))) / rate

        if generator == NAIVE:
            return VocoderUnderTest(self._naive(engine, writer), first)
        if n_items > 1:
            return VocoderUnderTest(sound, None, threads=2)
        return VocoderUnderTest(sound, first)

    def _naive(self, engine: WaveNetEngine, writer: Any) -> Call:
        """A few samples, once the past is as long as the receptive field."""
        rate, hop = engine.features.sample_rate, engine.features.hop_length
        random = np.random.Generator(np.random.PCG64(0))
        n_past = engine.config.receptive_field // hop * hop + hop
        past = random.integers(engine.config.n_classes, size=(1, n_past))
        rows = engine.conditioning.scaled(self.mel)
        seen = engine.conditioning.stack().push(rows, True)
        conditioning = engine.conditioning.per_layer(seen)[None]

        def run(call: int) -> float:
            drawn = random.random((NAIVE_SAMPLES, 2), np.float32)
            writer.write(conditioning, 0, drawn, 1.0, writer.resume(past))
            return NAIVE_SAMPLES / rate

        return run

    def engine(self, config: WaveNetConfig | None) -> WaveNetEngine:
        if self.is_trained and config is None:
            return cast(WaveNetEngine, self.voice.choose_vocoder("wavenet"))
        model = self._model(config)
        weights = {key: value.numpy() for key, value in model.state_dict().items()}
        return WaveNetEngine(model.config, model.audio, weights)

    def _model(self, config: WaveNetConfig | None) -> WaveNet:
        if self.is_trained and config is None:
            return cast("WaveNet", self.voice.module("wavenet"))
        size = config or WaveNetConfig()
        if size not in self._random:
            import torch

            from tts_pipeline.vocoder.wavenet.model import WaveNet

            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                model = WaveNet(size, self.voice.audio)
            self._random[size] = model.eval().requires_grad_(False)
        return self._random[size]


def measure(
    voice: Voice, *, rounds: int, smaller: bool = False, batch: bool = False
) -> dict[str, Any]:
    """Time everything; returns what is written as JSON."""
    where = dataclasses.asdict(machine())
    candidates = Candidates(voice, mel_blocks(voice))
    names = candidates.names(smaller=smaller, batch=batch)
    entered = {name: candidates.vocoder(name) for name in names}
    jobs = []
    for name, one in entered.items():
        jobs.append(Job(name, SOUND, one.sound, one.threads))
        if one.first is not None:
            jobs.append(Job(name, FIRST, one.first, one.threads))
    timed = {(t.name, t.text): t for t in interleaved(jobs, rounds)}
    rate, naive = voice.audio.sample_rate, timed[NAIVE, SOUND].xrt
    systems = [
        {
            "name": name,
            **_speed(timed[name, SOUND], rate),
            "speed_up_over_naive": timed[name, SOUND].xrt / naive,
            "first_sample_ms": _spread_ms(timed.get((name, FIRST))),
            **_alone(voice, name, entered[name].threads),
        }
        for name in names
    ]
    facts = {"voice": voice.name, "wavenet_is_trained": candidates.is_trained, "sample_rate": rate}
    return {"machine": where, "rounds": rounds, **facts, "systems": systems}


def mel_blocks(voice: Voice) -> list[np.ndarray]:
    """Mel of a sentence of about ten seconds, in the blocks that the acoustic model writes."""
    sentences, _ = voice.front_end(sentence(0))
    given = AcousticInput.plain(sentences[0].tokens)
    return list(voice.acoustic.stream(given, seed=0).blocks)


def _speed(timed: Timed, rate: int) -> dict[str, Any]:
    slowest, fastest = timed.xrt_span
    return {
        "threads": timed.threads,
        "calls": len(timed.seconds),
        "samples_per_second": timed.xrt * rate,
        "least_samples_per_second": slowest * rate,
        "most_samples_per_second": fastest * rate,
        "xrt": timed.xrt,
    }


def _spread_ms(timed: Timed | None) -> dict[str, float] | None:
    if timed is None:
        return None
    found = {"median": timed.median_s, "least": min(timed.seconds), "most": max(timed.seconds)}
    return {key: 1e3 * value for key, value in found.items()}


def _alone(voice: Voice, name: str, threads: int) -> dict[str, float | None]:
    """Peak memory of a process that does nothing else, and the time that compiling takes."""
    if voice.path is None:
        return {"peak_memory_mb": None, "compile_s": None}
    folder = str(voice.path.resolve())
    compiles = name == PARALLEL or name.startswith("numba")
    return {
        "peak_memory_mb": peak_memory_mb(_ALONE, folder, name, threads=threads),
        "compile_s": compile_s(folder, name) if compiles else None,
    }


def compile_s(folder: str, name: str) -> float:
    """What the first call takes more than the second where nothing is compiled yet."""
    root = Path(__file__).resolve().parents[3]
    with tempfile.TemporaryDirectory(prefix="tts_pipeline-", ignore_cleanup_errors=True) as cache:
        done = subprocess.run(
            [sys.executable, "-c", _ALONE, folder, name, "twice"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": cache},
        )
    first, second = map(float, done.stdout.split()[-2:])
    return first - second


def run_alone(folder: str, name: str, twice: str = "") -> None:
    """One call of one candidate, or two with their seconds printed; to be run in a process of
    its own."""
    voice = Voice.load(folder)
    # As to time and memory a mel like any other, without the acoustic model's share of them.
    shape = voice.audio.n_mels, 1000
    mel = np.random.default_rng(0).normal(-5, 2, shape).astype(np.float32)
    start = time.perf_counter()
    vocoder = Candidates(voice, [mel]).vocoder(name)
    for _ in range(2 if twice else 1):
        vocoder.sound(0)
        if twice:
            print(time.perf_counter() - start)
        start = time.perf_counter()
