from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
import torch

from tts_pipeline.acoustic.autoregressive.decoder import Decoder, DecoderState
from tts_pipeline.acoustic.autoregressive.fused_decoder import Decoder as FusedDecoder
from tts_pipeline.acoustic.autoregressive.fused_decoder import DecoderState as FusedState
from tts_pipeline.acoustic.autoregressive.kernel import decode_steps
from tts_pipeline.nn import jit as compiled
from tts_pipeline.nn.approximations import sigmoid, tanh
from tts_pipeline.nn.weights import Weights


def lively_decoder(channels: int, prenet: int, frame_size: int, *, half: bool) -> Decoder:
    """Weights large enough for the gates to open and close; with ``half`` they are float16."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        decoder = Decoder(channels, prenet, frame_size, 0.5).eval().requires_grad_(False)
    for parameter in decoder.parameters():
        parameter.mul_(2.0)
        if half:
            parameter.copy_(parameter.half())
    return decoder


def told(decoder: Decoder, n_items: int, n_steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    conditioning = torch.randn(n_items, n_steps, decoder.channels, generator=generator)
    return conditioning, decoder.masks(n_steps, generator)


def random_state(decoder: Decoder, n_items: int) -> DecoderState:
    generator = torch.Generator().manual_seed(2)
    sizes = (decoder.channels, decoder.channels, decoder.frame_size)
    return DecoderState(*(torch.randn(n_items, size, generator=generator) for size in sizes))


def packed(decoder: Decoder) -> FusedDecoder:
    weights = Weights(
        {f"decoder.{key}": value.numpy() for key, value in decoder.state_dict().items()}
    )
    engine = FusedDecoder(
        weights, "decoder", decoder.channels, decoder.prenet_size, decoder.frame_size
    )
    weights.finish()
    return engine


def generate(
    engine: FusedDecoder, conditioning: torch.Tensor, masks: torch.Tensor, start: DecoderState
) -> tuple[torch.Tensor, DecoderState]:
    """All items as :meth:`Decoder.generate` would."""
    written, states = [], []
    for item, rows in enumerate(conditioning):
        state = FusedState(*(part[item].numpy().copy() for part in start))
        made = engine.run(engine.prepare(rows.numpy()), masks.numpy(), state)
        written.append(torch.from_numpy(made))
        states.append([torch.from_numpy(part) for part in state])
    return torch.stack(written), DecoderState(*map(torch.stack, zip(*states)))


def assert_close(made: tuple, expected: tuple, atol: float) -> None:
    torch.testing.assert_close(made[0], expected[0], atol=atol, rtol=0)
    for one, other in zip(made[1], expected[1]):
        torch.testing.assert_close(one, other, atol=atol, rtol=0)


def test_tanh_and_sigmoid():
    places = np.concatenate([np.linspace(-12, 12, 4001), [-1e4, -1e-6, 0.0, 1e-6, 1e4]])
    places = places.astype(np.float32)
    exact = places.astype(np.float64)
    made = np.array([tanh(x) for x in places])
    assert np.abs(made - np.tanh(exact)).max() < 5e-7
    made = np.array([sigmoid(x) for x in places])
    assert np.abs(made - 0.5 * (1 + np.tanh(exact / 2))).max() < 3e-7


@pytest.mark.parametrize("half", [False, True])
def test_equals_pytorch_over_1000_frames(half):
    decoder = lively_decoder(256, 128, 160, half=half)
    conditioning, masks = told(decoder, 1, 500)
    start = decoder.initial_state(1)
    expected = decoder.generate(conditioning, masks, start)
    assert expected[0].abs().mean() > 0.3, "else nothing is compared"
    made = generate(packed(decoder), conditioning, masks, start)
    assert_close(made, expected, 3e-5)


@pytest.mark.parametrize("sizes", [(7, 5, 6), (16, 33, 10), (1, 1, 1)])
@pytest.mark.parametrize("half", [False, True])
def test_equals_pytorch_for_any_sizes_items_and_state(sizes, half):
    decoder = lively_decoder(*sizes, half=half)
    conditioning, masks = told(decoder, 3, 20)
    start = random_state(decoder, 3)
    expected = decoder.generate(conditioning, masks, start)
    made = generate(packed(decoder), conditioning, masks, start)
    assert_close(made, expected, 1e-5)


@pytest.mark.parametrize("half", [False, True])
def test_goes_on_after_any_step(half):
    decoder = lively_decoder(24, 12, 20, half=half)
    conditioning, masks = (part.numpy() for part in told(decoder, 1, 30))
    engine = packed(decoder)
    prepared = engine.prepare(conditioning[0])
    end, state = engine.initial_state(), engine.initial_state()
    whole = engine.run(prepared, masks, end)
    pieces = [
        engine.run(prepared[begin:stop], masks[begin:stop], state)
        for begin, stop in ((0, 1), (1, 2), (2, 17), (17, 30))
    ]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert all(np.array_equal(one, other) for one, other in zip(state, end))
    # One for each kind of weights: nothing else about a text must set the compiler to work.
    assert len(decode_steps.signatures) <= 2


def bytes_per_weight(engine: FusedDecoder) -> set[int]:
    return {matrix.itemsize for matrix in engine.weights if matrix.ndim == 2}


def test_weights_are_stored_in_16_bits_only_if_nothing_is_lost():
    decoder = lively_decoder(16, 16, 32, half=True)
    # The smallest float16 of all, a large one, and a matrix of zeros.
    decoder.lower.weight_hh_l0[0, 0] = 2.0**-24
    decoder.lower.weight_ih_l0[3, 3] = 60.0
    decoder.prenet_upper.weight.zero_()
    assert bytes_per_weight(packed(decoder)) == {2}
    conditioning, masks = told(decoder, 1, 20)
    start = decoder.initial_state(1)
    expected = decoder.generate(conditioning, masks, start)
    assert_close(generate(packed(decoder), conditioning, masks, start), expected, 1e-5)
    decoder.upper.weight_hh_l0[1, 1] = 1 / 3
    assert bytes_per_weight(packed(decoder)) == {4}


KERNELS = """
from tts_pipeline.nn.jit import compiled

@compiled()
def twice(x):
    return 2 * x

@compiled(fastmath=True)
def thrice(x):
    return 3 * x
"""


@pytest.fixture
def read_only_install(tmp_path, monkeypatch):
    """Imports kernels from a folder where nothing can be written; gives the warnings of that.

    A file where a folder should be keeps even an administrator from writing into it.
    """
    if sys.platform == "win32":
        pytest.skip("the user's cache folder is not found by environment variables")
    install = tmp_path / "install"
    install.mkdir()
    (install / "__pycache__").write_text("not a folder")
    (install / "kernels.py").write_text(KERNELS)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(home: Path) -> list[warnings.WarningMessage]:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        compiled.warn_that_nothing_is_kept.cache_clear()
        spec = importlib.util.spec_from_file_location("kernels", install / "kernels.py")
        module = importlib.util.module_from_spec(spec)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            spec.loader.exec_module(module)
            assert (module.twice(4), module.thrice(4)) == (8, 12)
        return [warning for warning in caught if warning.category is RuntimeWarning]

    return load


def test_a_read_only_install_keeps_kernels_in_the_users_cache(read_only_install, tmp_path):
    assert read_only_install(tmp_path) == []
    kept = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbc")}
    assert kept == {"kernels.twice", "kernels.thrice"}


def test_without_any_cache_folder_kernels_work_and_one_warning_is_given(
    read_only_install, tmp_path
):
    home = tmp_path / "home"
    home.write_text("not a folder")
    caught = read_only_install(home)
    assert len(caught) == 1 and "NUMBA_CACHE_DIR" in str(caught[0].message)
