"""WaveNet's generators: one distribution, the same samples, whatever pieces they come in."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from tests.vocoder.wavenet.small import (
    LOGISTICS,
    SMALL,
    WIDE,
    engine_of,
    float16_values,
    forced,
    infer,
    make_wavenet,
    random_mel,
    uniforms,
    write,
)
from tts_pipeline.vocoder.wavenet.generators import GENERATORS, WaveNetOnDevice
from tts_pipeline.vocoder.wavenet.model import WaveNetConfig


def test_all_generators_write_the_same_samples_from_the_same_outputs():
    model = float16_values(make_wavenet(SMALL))
    mel, drawn = random_mel(26)[None], uniforms(4160)
    told = model.condition(mel).numpy()
    expected = None
    for name in GENERATORS:
        symbols, seen = write(model, name, told, drawn)
        np.testing.assert_allclose(seen, forced(model, symbols, mel), atol=1e-4)
        expected = symbols if expected is None else expected
        assert np.array_equal(symbols, expected), name
    assert len(np.unique(expected)) == SMALL.n_classes


def test_all_generators_write_the_same_levels():
    model = float16_values(make_wavenet(LOGISTICS))
    mel, drawn = random_mel(7)[None], uniforms(1120)
    told = model.condition(mel).numpy()
    expected = None
    for name in GENERATORS:
        symbols, seen = write(model, name, told, drawn)
        np.testing.assert_allclose(seen, forced(model, symbols, mel), atol=1e-4)
        expected = symbols if expected is None else expected
        # What is just between two levels may be rounded to either.
        np.testing.assert_allclose(symbols, expected, atol=2e-4, err_msg=name)
    assert len(np.unique(expected)) > 300


@pytest.mark.parametrize(
    "config", [WaveNetConfig(), WaveNetConfig(n_stacks=1), WIDE], ids=["full", "10 layers", "wide"]
)
def test_the_kernel_is_the_network_at_any_size(config):
    model = make_wavenet(config)
    mel, drawn = random_mel(26)[None], uniforms(4160)
    told = model.condition(mel).numpy()
    exact, seen = write(model, "numba-f32", told, drawn)
    np.testing.assert_allclose(seen, forced(model, exact, mel), atol=1e-4)
    cached, seen = write(model, "cached", told, drawn)
    np.testing.assert_allclose(seen, forced(model, cached, mel), atol=1e-4)
    assert np.array_equal(exact, cached)
    # Weights cut to float16 are wrong by 2 ** -12 at most, each by its own amount.
    halved, seen = write(model, "numba-f16", told, drawn)
    cut = forced(model, halved, mel)
    assert 0 < np.abs(seen - cut).max() < 0.02 * cut.std()


def test_naive_is_the_network_at_full_size():
    model, mel = make_wavenet(WaveNetConfig()), random_mel(15)[None]
    told, drawn = model.condition(mel).numpy(), uniforms(2400)
    kept, _ = write(model, "numba-f32", told, drawn)
    naive = WaveNetOnDevice(model, generator="naive").writer
    state = naive.resume(kept[:, :2390])
    seen = np.empty((1, 10, 256), np.float32)
    written = naive.write(told, 0, drawn[2390:], 1.0, state, seen)
    assert np.array_equal(written, kept[:, 2390:])
    np.testing.assert_allclose(seen, forced(model, kept, mel)[:, 2390:], atol=1e-4)


@pytest.mark.parametrize("name", GENERATORS)
def test_generation_may_stop_after_any_sample(name):
    model, n = make_wavenet(WIDE if name.startswith("numba") else SMALL), 480
    told, drawn = model.condition(random_mel(3)[None]).numpy(), uniforms(n)
    whole, outputs = write(model, name, told, drawn, sizes=[n])
    symbols, seen = write(model, name, told, drawn, sizes=[1, 1, 5, 1, 8, 16, 7, 120, 2, 200])
    assert np.array_equal(symbols, whole)
    if name.startswith("numba"):
        assert np.array_equal(seen, outputs)


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("config", [SMALL, LOGISTICS], ids=lambda config: config.output)
def test_items_of_a_batch_are_as_if_alone(name, config):
    model = make_wavenet(config)
    mels = torch.stack([random_mel(1, seed) for seed in (1, 2, 3)])
    together = infer(model, mels, seed=5, generator=name)
    for item, mel in enumerate(mels):
        alone = infer(model, mel, seed=5, generator=name)
        assert together[item].shape == (160,)
        if name.startswith("numba"):
            assert np.array_equal(together[item], alone)
        np.testing.assert_allclose(together[item], alone, atol=5e-4, rtol=0)
    assert not np.array_equal(together[0], together[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_batches_in_several_threads_and_in_a_forked_process():
    engine = engine_of(make_wavenet(SMALL))
    mels = torch.stack([random_mel(4, seed) for seed in range(3)])
    expected = np.stack([engine.infer(mel) for mel in mels])
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(engine.infer, [mels] * 3))
    assert all(np.array_equal(made, expected) for made in found)
    child = os.fork()
    if child == 0:
        # Numba's OpenMP threads would kill it if it went on with them.
        os._exit(0 if np.array_equal(engine.infer(mels), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
