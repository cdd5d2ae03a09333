"""Mels that the trained acoustic model generates free-running, for what is trained behind it."""

from __future__ import annotations

import hashlib

import torch

from tts_pipeline.training.data.prepare import read_arrays, write_arrays
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.acoustic import AcousticTrainingConfig, make_task


def free_running_mels(data: Prepared) -> dict[str, torch.Tensor]:
    """Mels ``(M, T)`` on the CPU of all utterances by the acoustic model of ``data``, by id.

    They follow the true durations and pitch, so that they stay in step with the recording, but
    every frame comes from the model's own past: what a vocoder or refiner will meet in use. Purely
    teacher-forced mels are cleaner than that. Generated once, on a GPU if there is one, and kept
    in ``data.runs``.

    Raises:
        ConfigError: if that stage was not run.
        CorpusError: if ``data.voice`` has no such model.
    """
    model = acoustic_of(data)
    digest = hashlib.sha256()
    for value in model.state_dict().values():
        digest.update(value.numpy().tobytes())
    path = data.runs / f"free-running-mels-{digest.hexdigest()[:12]}.npz"
    if not path.exists():
        # Only what generates is used of it: any schedule will do.
        settings = AcousticTrainingConfig(LoopConfig(1, 1, 1.0), model=model.config)
        task = make_task(settings, data)
        task.statistics = model.statistics.clone()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        task.modules["acoustic"] = model.to(device)
        with torch.inference_mode():
            made = task.predict_mels(free_running=True)
        model.to("cpu")
        data.runs.mkdir(parents=True, exist_ok=True)
        write_arrays(path, **{name: mel.numpy() for name, mel in made.items()})
    mels = read_arrays(path, (), "acoustic")
    return {name: torch.from_numpy(mel) for name, mel in mels.items()}
