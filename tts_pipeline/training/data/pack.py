"""Prepared utterances in a few small files, for a machine that is far from the corpus.

Waveforms are stored in coarser steps than they were recorded in, so that FLAC needs less of it:
steps of 8/32767 put noise at -83 dB below full scale, 13 dB below the quietest hundredth of the
frames of the voice in the package, and change a log mel by 0.01 on average.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

import numpy as np

from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.prepare import feature_path, load_features, write_arrays
from tts_pipeline.training.data.prepared import TOKENS, load_prepared


def pack(folder: Path, out: Path, *, step: int = 8, n_parts: int = 2) -> None:
    """Pack the training and validation sets of ``folder`` into ``out``.

    Writes ``waveforms-0.flac`` and so on, which may travel one by one, and ``features.npz`` and
    ``tokens.json``.

    Args:
        folder: with ``features/``, ``durations/`` and ``tokens.json``.
        out: made if it is not there.
        step: of the stored samples in 1/32767.
        n_parts: number of files with waveforms.
    """
    import soundfile

    out.mkdir(parents=True, exist_ok=True)
    prepared = load_prepared(folder, out)
    ids = [*prepared.train.ids, *prepared.valid.ids]
    waveforms, contours, durations = [], [], []
    for name in ids:
        waveform, f0 = load_features(folder / "features", name)
        waveforms.append(np.round(waveform * (32767 / step)).astype(np.int16))
        contours.append(f0)
        with np.load(prepared.durations / f"{name}.npz") as arrays:
            durations.append(arrays["durations"].astype(np.int32))
    for part in range(n_parts):
        chosen = np.array_split(np.arange(len(ids)), n_parts)[part]
        samples = np.concatenate([waveforms[i] for i in chosen])
        file = io.BytesIO()
        rate = prepared.audio.sample_rate
        soundfile.write(file, samples, rate, format="FLAC", subtype="PCM_16", compression_level=1.0)
        (out / f"waveforms-{part}.flac").write_bytes(file.getvalue())
    np.savez_compressed(
        out / "features.npz",
        ids=np.array(ids),
        step=step,
        n_parts=n_parts,
        n_samples=np.array([len(w) for w in waveforms]),
        f0=np.concatenate(contours),
        durations=np.concatenate(durations),
        n_tokens=np.array([len(d) for d in durations]),
    )
    shutil.copyfile(folder / TOKENS, out / TOKENS)


def unpack(source: Path, folder: Path) -> None:
    """What was packed, as the prepare and align stages would have written it to ``folder``.

    Raises:
        CorpusError: if a part is missing.
    """
    import soundfile

    for name in ("features", "durations"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / TOKENS, folder / TOKENS)
    prepared = load_prepared(folder, folder)
    with np.load(source / "features.npz") as arrays:
        table = dict(arrays)
    parts = []
    for part in range(int(table["n_parts"])):
        path = source / f"waveforms-{part}.flac"
        if not path.is_file():
            raise CorpusError(f"{path}: missing, all parts of a pack are needed")
        parts.append(soundfile.read(path, dtype="int16")[0])
    samples = np.concatenate(parts).astype(np.int32) * int(table["step"])
    samples = samples.clip(-32767, 32767).astype(np.int16)
    lengths = table["n_samples"]
    f0_lengths = [prepared.audio.n_frames(n) for n in lengths.tolist()]
    rows = zip(
        table["ids"].tolist(),
        np.split(samples, lengths.cumsum()[:-1]),
        np.split(table["f0"], np.cumsum(f0_lengths)[:-1]),
        np.split(table["durations"], table["n_tokens"].cumsum()[:-1]),
        strict=True,
    )
    for name, waveform, f0, durations in rows:
        write_arrays(feature_path(folder / "features", name), waveform=waveform, f0=f0)
        counts = durations.astype(np.int64)
        write_arrays(folder / "durations" / f"{name}.npz", durations=counts)


def main(argv: list[str] | None = None) -> int:
    """``python -m tts_pipeline.training.data.pack``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("pack", "unpack"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args(argv)
    (pack if options.what == "pack" else unpack)(options.source, options.target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
