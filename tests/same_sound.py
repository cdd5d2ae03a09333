"""Says the same things in many ways, and what came of it as numbers that can be compared.

``OMP_NUM_THREADS=1 python -m tests.same_sound FILE`` records the table that
``tests/test_same_sound.py`` holds the package to. Whoever changes the sound on purpose records it
anew and says so in the commit. Only the public face is used, so that older versions can be asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import safetensors.numpy

import tts_pipeline
from tts_pipeline import Audio, stream, synthesize, synthesize_batch

# How a matrix product rounds depends on the number of threads: each of these is to be 1.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

PLAIN = "The birch canoe slid on the smooth planks."
LONG = (
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow. "
    "The rainbow is a division of white light into many beautiful colors. These take the shape "
    "of a long round arch, with its path high above. There is, says the old tale, a pot of gold "
    "at one end. People look, but no one ever finds it! Is that so strange?"
)
TEXTS = ("Go.", "Red fish, blue fish.", "He left at noon. She stayed.", "Is it late? It is late.")
SHORT = ("Hi.", "No!", "Red fish.")
SSML = (
    '<speak>Hello <break time="1s"/> there, <break time="350ms"/> my friend.</speak>',
    '<speak><prosody rate="slow" pitch="high">How are you</prosody> <mark name="m"/> now?</speak>',
    '<speak>Wait. <break time="4s"/> Go. <break time="700ms"/></speak>',
    '<speak><p>One two.</p><p><prosody volume="loud" rate="fast">Three</prosody> four.</p></speak>',
)
PHONES = ("Say [[HH AH0 L OW1]] to me.", "Say [[/həˈloʊ/]] twice, [[Z AA1 Z]].")
# The autoregressive model alone, and what speaks if nothing is asked for.
PLAIN_ROAD: dict[str, Any] = {"acoustic": "autoregressive"}
DEFAULT_ROAD: dict[str, Any] = {"acoustic": None}
SEEDS = (1, 2, 7, 2**31, 2**40 + 7, 2**63 - 1)

Spoken = list[Audio]


def calls(full: Path, lexicon: Path) -> dict[str, Callable[[], Spoken]]:
    """All calls by name.

    Args:
        full: folder of a voice whose weights are no float16 values, see :func:`full_precision`.
        lexicon: a user's pronunciations.
    """

    def one(text: str, **options: Any) -> Callable[[], Spoken]:
        return lambda: [synthesize(text, **{**PLAIN_ROAD, **options})]

    def parts(text: str | Iterable[str], **options: Any) -> Callable[[], Spoken]:
        return lambda: list(stream(text, **{**PLAIN_ROAD, **options}))

    def batch(texts: tuple[str, ...], **options: Any) -> Callable[[], Spoken]:
        return lambda: synthesize_batch(texts, **{**PLAIN_ROAD, **options})

    factors = [("rate", (0.25, 0.7, 1.6, 4.0)), ("pitch", (0.5, 0.8, 1.3, 2.0))]
    factors += [("energy", (0.25, 0.6, 1.7, 4.0))]
    found = {f"seed {seed}": one(PLAIN, seed=seed) for seed in SEEDS}
    found |= {
        f"{name} {value}": one(PLAIN, seed=3, **{name: value})
        for name, values in factors
        for value in values
    }
    found |= {f"text {index}": one(text) for index, text in enumerate(TEXTS)}
    found |= {f"ssml {index}": one(text, seed=index) for index, text in enumerate(SSML)}
    found |= {f"ssml {index} streamed": parts(text) for index, text in enumerate(SSML)}
    found |= {f"phones {index}": one(text) for index, text in enumerate(PHONES)}
    found |= {f"stream seed {seed}": parts(PLAIN, seed=seed) for seed in SEEDS[:3]}
    found |= {
        "long": one(LONG),
        "long, seed": one(LONG, seed=11, rate=1.3),
        "long streamed": parts(LONG),
        "long streamed, slow and high": parts(LONG, rate=0.8, pitch=1.2, energy=0.9, seed=5),
        "pieces streamed": parts(LONG.split("."), seed=6),
        "one long sentence": one(LONG.replace(".", ",")),
        "batch": batch(TEXTS),
        "batch, seed": batch(TEXTS, seed=9, rate=1.2, pitch=0.9),
        "batch with ssml": batch((*SSML[:2], PLAIN)),
        "batch of one": batch((PLAIN,), seed=4),
        "lexicon": one("Hello there.", lexicon=lexicon),
        "lexicon streamed": parts("Hello there.", lexicon=lexicon, seed=1),
        "lexicon batch": batch(("Hello.", "There."), lexicon=lexicon),
        "strict": one(PLAIN, strict=True, seed=8),
        "left out": one("Hello \U0001f600 there."),
        "full precision": one(PLAIN, voice=full),
        "full precision, long": one(LONG, voice=full, seed=2),
        "full precision streamed": parts(PLAIN, voice=full, seed=2, rate=0.9),
        "full precision batch": batch(TEXTS[:2], voice=full),
    }
    for name, voice in (("f16", None), ("f32", full)):
        slow: dict[str, Any] = {"vocoder": "wavenet", "voice": voice}
        found |= {f"wavenet {name} {text}": one(text, **slow) for text in SHORT}
        found |= {
            f"wavenet {name} seed": one("Hi.", seed=7, **slow),
            f"wavenet {name} rate": one("Hi.", rate=2.0, pitch=1.2, **slow),
            f"wavenet {name} streamed": parts("Hi.", seed=2, **slow),
            f"wavenet {name} batch": batch(SHORT[:2], seed=1, **slow),
        }
    plainest: dict[str, Any] = {"vocoder": "griffin-lim"}
    found |= {
        "griffin-lim": one(PLAIN, **plainest),
        "griffin-lim seed": one("Red fish.", seed=3, **plainest),
        "griffin-lim streamed": parts("Red fish.", rate=1.5, **plainest),
        "griffin-lim batch": batch(("Red fish.", "No!"), **plainest),
    }
    default = DEFAULT_ROAD
    found |= {
        "default": one(PLAIN, **default),
        "default, seed": one(PLAIN, seed=7, **default),
        "default, slow and high": one(PLAIN, rate=0.8, pitch=1.2, energy=0.9, **default),
        "default long": one(LONG, **default),
        "default streamed": parts(PLAIN, **default),
        "default long streamed": parts(LONG, seed=5, **default),
        "default ssml": one(SSML[0], **default),
        "default batch": batch(TEXTS, **default),
        "default, two steps": one(PLAIN, steps=2, **default),
        "default, temperature": one(PLAIN, temperature=0.5, seed=3, **default),
        "default full precision": one(PLAIN, voice=full, **default),
        "default wavenet": one("Hi.", vocoder="wavenet", **default),
    }
    return found


def full_precision(folder: Path) -> Path:
    """The shipped voice with weights that no float16 holds, in a new folder: float32 kernels."""
    shutil.copytree(Path(tts_pipeline.__file__).parent / "voices" / "kathleen", folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for model in config["models"].values():
        weights = model["weights"]
        file = folder / weights["file"]
        arrays = {
            name: np.asarray(value.astype(np.float32) * np.float32(1.0001))
            for name, value in safetensors.numpy.load_file(file).items()
        }
        content = safetensors.numpy.save(arrays)
        file.write_bytes(content)
        weights.update(sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content))
    path.write_text(json.dumps(config))
    return folder


def described(spoken: Spoken) -> dict[str, Any]:
    """Numbers of what was spoken: exact ones, and coarse ones for machines that round otherwise.

    Returns:
        ``samples`` and ``timestamps``: SHA-256; ``n_samples``; ``said``: SHA-256 of the
        timestamps without their times; ``rms``: of every 50 ms in thousandths of full scale.
    """
    samples = np.concatenate([audio.samples for audio in spoken])
    stamps = [stamp for audio in spoken for stamp in audio.timestamps]
    times = [(s.kind, s.text, f"{s.start_s:.9f}", f"{s.end_s:.9f}", s.span) for s in stamps]
    step = spoken[0].sample_rate // 20
    padded = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step).astype(np.float64)
    return {
        "samples": hashlib.sha256(samples.astype("<f4").tobytes()).hexdigest(),
        "timestamps": _hash(times),
        "said": _hash([(s.kind, s.text, s.span) for s in stamps]),
        "n_samples": len(samples),
        "rms": (1000 * np.sqrt((padded**2).mean(1))).round().astype(int).tolist(),
    }


def fingerprint() -> dict[str, str]:
    """What the last bits of a sound depend on beside the code."""
    features = llvmlite.binding.get_host_cpu_features().flatten()
    return {
        "machine": platform.machine(),
        "cpu": llvmlite.binding.get_host_cpu_name(),
        "features": hashlib.sha256(features.encode()).hexdigest(),
        "libc": "-".join(platform.libc_ver()),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def main(argv: list[str]) -> None:
    """Write the table of all calls to the file named."""
    # On one core: with two, later sentences of a stream are spoken whole, and round otherwise.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as scratch:
        lexicon = Path(scratch, "mine.tsv")
        lexicon.write_text("hello\tG UH2 D B AY1\n", encoding="utf-8")
        made = calls(full_precision(Path(scratch, "voice")), lexicon)
        table = {name: described(call()) for name, call in made.items()}
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in table.items())
    head = json.dumps(fingerprint(), indent=1)
    Path(argv[0]).write_text(f'{{"fingerprint": {head},\n"calls": {{\n{rows}\n}}}}\n')


if __name__ == "__main__":
    main(sys.argv[1:])
