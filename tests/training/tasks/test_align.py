from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.training.spoken_data import AUDIO, make_spoken_data, part_of
from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.training.alignment_plots import plot_alignments
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.align import AlignConfig, AlignTask, best_path

N_UTTERANCES, N_HELD_OUT, STEPS = 48, 8, 400


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """Data with known durations, and the folder of those that the align stage found."""
    root = tmp_path_factory.mktemp("aligned")
    data = make_spoken_data(root / "features", N_UTTERANCES)
    stores = part_of(data, N_HELD_OUT, N_UTTERANCES), part_of(data, 0, N_HELD_OUT)
    loop = LoopConfig(
        max_steps=STEPS,
        batch_size=8,
        learning_rate=4e-3,
        final_learning_rate=1e-4,
        warmup_steps=20,
        ema_decay=0.95,
        validate_every=STEPS,
    )
    config = AlignConfig(loop, AlignerConfig(channels=48), binarise_from=STEPS // 3)
    task = AlignTask(config, data.tokens, *stores)
    train(task, loop, make_fabric("cpu"), root / "align")
    task.modules["aligner"].load_state_dict(
        load_weights(root / "align" / "best.safetensors", "aligner")
    )
    task.write_durations(list(stores), root / "durations")
    return data, root / "durations"


def test_boundaries_are_found_within_20_ms(aligned):
    data, folder = aligned
    errors_ms = []
    for name in data.store.ids:
        with np.load(folder / f"{name}.npz") as arrays:
            found = arrays["durations"]
        assert found.sum() == data.durations[name].sum()
        # The last boundary is the end of the recording, which nobody can miss.
        difference = (found - data.durations[name].numpy()).cumsum()[:-2]
        errors_ms.append(np.abs(difference) * 1000 / AUDIO.frame_rate)
    held_out = np.concatenate(errors_ms[:N_HELD_OUT])
    assert np.concatenate(errors_ms).mean() < 20
    assert held_out.mean() < 20


def test_pauses_between_words_are_found(aligned):
    data, folder = aligned
    found, true = [], []
    for name in data.store.ids:
        optional = (data.tokens[name] == 4).numpy()
        with np.load(folder / f"{name}.npz") as arrays:
            found.append(arrays["durations"][optional])
        true.append(data.durations[name].numpy()[optional])
    paused, really = np.concatenate(found) >= 3, np.concatenate(true) > 0
    assert really.sum() > 10
    assert (paused == really).mean() > 0.95


def test_soft_alignments_are_saved_and_plotted(aligned, tmp_path):
    data, folder = aligned
    name = data.store.ids[0]
    with np.load(folder / f"{name}.npz") as arrays:
        soft = arrays["soft"]
    assert soft.shape == (data.store[name].mel.shape[1], len(data.tokens[name]))
    np.testing.assert_allclose(soft.astype(np.float32).sum(1), 1, atol=5e-3)
    plot_alignments([name], data.tokens, data.store, folder, tmp_path / "plots")
    picture = (tmp_path / "plots" / f"alignment-{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_best_path_is_one_token_per_valid_frame():
    torch.manual_seed(0)
    scores = torch.log_softmax(torch.randn(2, 9, 4), -1)
    path = best_path(scores, torch.tensor([4, 2]), torch.tensor([9, 5]))
    assert path[0].sum() == 9 and path[1].sum() == 5
    assert not path[1, 5:].any() and not path[1, :, 2:].any()
    assert (path[0].sum(1) == 1).all() and (path[0].argmax(1).diff() >= 0).all()
