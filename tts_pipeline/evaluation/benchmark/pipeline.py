"""Text to waveform: what is timed, on which texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tts_pipeline.evaluation.benchmark.peers import installed
from tts_pipeline.evaluation.benchmark.timing import (
    Job,
    Timed,
    interleaved,
    machine,
    peak_memory_mb,
)
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.synthesis import stream, synthesize
from tts_pipeline.voice.defaults import GRIFFIN_LIM
from tts_pipeline.voice.models import ACOUSTIC
from tts_pipeline.voice.voice import Voice

SHORT, MEDIUM, LONG = "short", "ten seconds", "ten minutes"
WHOLE, FIRST = "text to waveform", "first sound"
FRONT_END, STAGE_1, STAGE_2 = "text front end", "stage 1", "stage 2"
REFERENCE = "stage 2, Griffin-Lim 60"
N_SENTENCES = 60
# Long texts take part in every so many-th round; the first sound is timed so often a round.
LONG_EVERY, FIRST_REPEATS = 3, 6

_CLAUSES = (
    "the harbour was quiet when the boats came in",
    "nobody on the old stone pier had spoken for an hour",
    "seventeen baskets of silver fish stood along the wall",
    "a cold wind was blowing steadily from the north",
    "my sister counted the lanterns one after another",
    "they had promised the children a story before bed",
    "the clock above the market struck a quarter past nine",
    "every window in the narrow street was already dark",
    "somebody had left a bicycle leaning on the gate",
    "it would be morning before the rain reached the hills",
    "our neighbour closed the heavy book and smiled",
    "there was bread and cheese enough for everyone",
    "the last train had gone without a single passenger",
)
_MEMORY = """
import sys
from tts_pipeline import Voice, stream
for block in stream(sys.argv[2], voice=Voice.load(sys.argv[1])):
    pass
"""


def sentence(number: int) -> str:
    """Sentence of about ten seconds; no two of the first 156 are alike."""
    n = len(_CLAUSES)
    first, step = number % n, 1 + number // n % (n - 1)
    joined = ", and ".join(_CLAUSES[(first + k * step) % n] for k in range(3))
    return f"{joined[0].upper()}{joined[1:]}."


def texts() -> dict[str, str]:
    """The texts by name."""
    long = " ".join(sentence(number) for number in range(N_SENTENCES))
    return {SHORT: "Good morning, how are you?", MEDIUM: sentence(0), LONG: long}


def jobs_for(voice: Voice, threads: tuple[int, ...], piper_model: Path | None, peers: bool) -> Any:
    """All that is timed in one run."""
    spoken = texts()
    jobs = []
    for n_threads in threads:
        for name in (SHORT, MEDIUM, LONG):
            every = LONG_EVERY if name == LONG else 1
            run = _whole(voice, name, spoken[name], n_threads)
            jobs.append(Job(WHOLE, name, run, n_threads, every=every))
        jobs.append(Job(FIRST, MEDIUM, _first(voice, n_threads), n_threads, FIRST_REPEATS))
    jobs += _stages(voice)
    for peer, speak in (installed(piper_model) if peers else {}).items():
        for name in (SHORT, MEDIUM, LONG):
            every = LONG_EVERY if name == LONG else 1
            jobs.append(Job(peer, name, _of_text(speak, spoken[name]), every=every))
    return jobs


def _of_text(run: Callable[[str], float], text: str) -> Callable[[int], float]:
    return lambda _: run(text)


def measure(
    voice: Voice,
    *,
    rounds: int,
    threads: tuple[int, ...] = (1, 2),
    piper_model: Path | None = None,
    peers: bool = True,
) -> tuple[dict[str, Any], list[Timed]]:
    """Time everything; returns the summary that is written as JSON, and the timings."""
    where = dataclasses.asdict(machine())
    timed = interleaved(jobs_for(voice, threads, piper_model, peers), rounds)
    return {"machine": where, "rounds": rounds, **summary(timed, voice, _memory(voice))}, timed


def summary(timed: list[Timed], voice: Voice, memory_mb: dict[str, float | None]) -> dict[str, Any]:
    """The figures one asks for: speed, latency, shares, growth of the cost with the length."""
    one = {(t.name, t.text): t for t in timed if t.threads == 1}
    parts = {name: one[name, MEDIUM].median_s for name in (FRONT_END, STAGE_1, STAGE_2)}
    first = {t.threads: t for t in timed if t.name == FIRST}
    return {
        "systems": [
            {
                "name": t.name,
                "text": t.text,
                "threads": t.threads,
                "calls": len(t.seconds),
                "median_s": t.median_s,
                "least_s": min(t.seconds),
                "most_s": max(t.seconds),
                "xrt": t.xrt,
                "xrt_per_core": t.xrt / t.threads,
            }
            for t in timed
        ],
        "acoustic": voice.default_acoustic,
        "vocoder": voice.default_vocoder,
        "first_sound_ms": _latency_ms(first[1]),
        "first_sound_ms_by_threads": {str(n): _latency_ms(t) for n, t in first.items()},
        "stage_1_frames_per_s": one[STAGE_1, MEDIUM].xrt * voice.audio.frame_rate,
        "share": {name: seconds / sum(parts.values()) for name, seconds in parts.items()},
        "cost_of_long_text": one[WHOLE, MEDIUM].xrt / one[WHOLE, LONG].xrt,
        "peak_memory_mb": memory_mb,
    }


def _latency_ms(timed: Timed) -> dict[str, float]:
    return {"p50": 1e3 * timed.median_s, "p95": 1e3 * timed.percentile_s(95)}


def _whole(voice: Voice, name: str, text: str, threads: int) -> Any:
    def run(call: int) -> float:
        # Another sentence every time, as in life.
        spoken = sentence(call) if name == MEDIUM else text
        return synthesize(spoken, voice=voice, threads=threads).duration_s

    return run


def _first(voice: Voice, threads: int) -> Any:
    return lambda call: next(stream(sentence(call), voice=voice, threads=threads)).duration_s


def _stages(voice: Voice) -> list[Job]:
    sentences, _ = voice.front_end(sentence(0))
    given = AcousticInput.plain(sentences[0].tokens)
    mel = voice.acoustic.infer([given], seed=0)[0].read()
    audio_s = mel.shape[1] / voice.audio.frame_rate

    def read(call: int) -> float:
        voice.front_end(sentence(call))
        return audio_s

    def write(acoustic: str) -> Any:
        def run(call: int) -> float:
            mel = voice.choose_acoustic(acoustic).infer([given], seed=call)[0].read()
            return mel.shape[1] / voice.audio.frame_rate

        return run

    def sound(vocoder: str) -> Any:
        def run(call: int) -> float:
            voice.choose_vocoder(vocoder).infer(mel, seed=call)
            return audio_s

        return run

    default = voice.default_acoustic
    others = [name for name in voice.names(ACOUSTIC) if name != default]
    return [
        Job(FRONT_END, MEDIUM, read),
        Job(STAGE_1, MEDIUM, write(default)),
        *(Job(f"{STAGE_1}, {name}", MEDIUM, write(name)) for name in others),
        Job(STAGE_2, MEDIUM, sound(voice.default_vocoder)),
        Job(REFERENCE, MEDIUM, sound(GRIFFIN_LIM)),
    ]


def _memory(voice: Voice) -> dict[str, float | None]:
    if voice.path is None:
        return {}
    folder = str(voice.path.resolve())
    return {name: peak_memory_mb(_MEMORY, folder, text) for name, text in texts().items()}
