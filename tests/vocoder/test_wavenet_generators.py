"""WaveNet's generators: one distribution, the same samples, whatever pieces they come in."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
import signal
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
import torch
from scipy import stats

from tests.vocoder.test_wavenet import LOGISTICS, SMALL, make_wavenet, random_mel
from tts_pipeline import compiled
from tts_pipeline.errors import AudioError, VoiceError
from tts_pipeline.vocoder import vector_product, wavenet_kernel, wavenet_numba
from tts_pipeline.vocoder.levels import mu_law_levels
from tts_pipeline.vocoder.wavenet import GENERATORS, WaveNet, WaveNetConfig

# Every kind of width: below, above and between multiples of the kernel's vectors.
WIDE = dataclasses.replace(
    SMALL, layers_per_stack=6, residual_channels=48, gate_channels=160, skip_channels=88
)


def float16_values(model: WaveNet) -> WaveNet:
    """The same model with weights as a saved voice has them."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    return model


def uniforms(n: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).random((n, 2), np.float32)


def write(model, name, told, drawn, *, sizes=(), temperature=1.0):
    """Symbols and outputs of a generator that stops after ``sizes`` and goes on."""
    writer = model._writer(name)
    hop, n_items = model.audio.hop_length, len(told)
    state = writer.begin(n_items)
    seen = np.full((n_items, len(drawn), model.config.n_outputs), np.nan, np.float32)
    ends = sorted({*np.cumsum(sizes or [writer.piece] * (len(drawn) // writer.piece)), len(drawn)})
    symbols, begin = [], 0
    for end in ends:
        first = begin // hop
        part = told[:, first : -(-end // hop)]
        found = seen[:, begin:end]
        symbols.append(writer.write(part, first, drawn[begin:end], temperature, state, found))
        begin = end
    return np.concatenate(symbols, 1), seen


def forced(model: WaveNet, symbols: np.ndarray, mel: torch.Tensor) -> np.ndarray:
    """Outputs of the network for the same symbols, all at once."""
    given = torch.from_numpy(symbols)
    if model.config.output == "mu-law":
        given = given.long()
    return model(given, mel).numpy()


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
    naive = model._writer("naive")
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
    together = model.infer(mels, seed=5, generator=name)
    for item, mel in enumerate(mels):
        alone = model.infer(mel, seed=5, generator=name)
        assert together[item].shape == (160,)
        if name.startswith("numba"):
            assert torch.equal(together[item], alone)
        torch.testing.assert_close(together[item], alone, atol=5e-4, rtol=0)
    assert not torch.equal(together[0], together[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_batches_in_several_threads_and_in_a_forked_process():
    model = make_wavenet(SMALL)
    mels = torch.stack([random_mel(4, seed) for seed in range(3)])
    expected = torch.stack([model.infer(mel) for mel in mels])
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(model.infer, [mels] * 3))
    assert all(torch.equal(made, expected) for made in found)
    child = os.fork()
    if child == 0:
        # Numba's OpenMP threads would kill it if it went on with them.
        os._exit(0 if torch.equal(model.infer(mels), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def flat_model(config: WaveNetConfig, outputs: np.ndarray) -> WaveNet:
    """A network whose outputs are always these."""
    model = make_wavenet(config)
    for name, parameter in model.named_parameters():
        if name != "embedding":
            parameter.zero_()
    model.output_bias.copy_(torch.from_numpy(outputs))
    return model


@pytest.mark.parametrize("name, n", [("cached", 6000), ("numba-f32", 200_000)])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_classes_come_as_often_as_the_softmax_says(name, n, temperature):
    logits = np.random.default_rng(0).normal(0, 1, SMALL.n_classes).astype(np.float32)
    config = dataclasses.replace(SMALL, n_stacks=1, layers_per_stack=1)
    model = flat_model(config, logits)
    told = np.zeros((1, -(-n // 160), 1, config.gate_channels), np.float32)
    symbols, _ = write(model, name, told, uniforms(n), temperature=temperature)
    counts = np.bincount(symbols[0].astype(int), minlength=config.n_classes)
    shares = np.exp(logits.astype(np.float64) / temperature)
    assert stats.chisquare(counts, n * shares / shares.sum()).pvalue > 1e-3


@pytest.mark.parametrize("name, n", [("cached", 5000), ("numba-f32", 50_000)])
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_levels_are_distributed_as_the_mixture_says(name, n, temperature):
    outputs = np.array([0.5, -0.5, 0.0, -0.4, 0.1, 0.3, -4.0, -5.0, -3.5], np.float32)
    config = dataclasses.replace(LOGISTICS, n_stacks=1, layers_per_stack=1)
    told = np.zeros((1, -(-n // 160), 1, config.gate_channels), np.float32)
    model = flat_model(config, outputs)
    levels, _ = write(model, name, told, uniforms(n), temperature=temperature)
    weights = np.exp(outputs[:3].astype(np.float64) / temperature)
    means, scales = outputs[3:6], temperature * np.exp(outputs[6:].astype(np.float64))

    def reached(x):
        return stats.logistic.cdf(x[:, None], means, scales) @ (weights / weights.sum())

    assert stats.kstest(levels[0], reached).pvalue > 1e-3
    np.testing.assert_allclose(levels * 32767, np.round(levels * 32767), atol=1e-2)


@pytest.mark.parametrize("name", GENERATORS)
def test_temperature_zero_takes_the_likeliest(name):
    for config, outputs, expected in (
        (SMALL, np.eye(32)[7], 7),
        (LOGISTICS, [0.1, 0.3, 0.2, -0.5, 0.25, 0.75, -2, -2, -2], round(0.25 * 32767) / 32767),
    ):
        model = flat_model(config, np.array(outputs, np.float32))
        told = np.zeros((1, 1, 8, config.gate_channels), np.float32)
        for temperature in (0.0, 1e-42):
            symbols, _ = write(model, name, told, uniforms(50), temperature=temperature)
            np.testing.assert_allclose(symbols, expected, rtol=1e-6)


def test_extreme_random_numbers_choose_possible_classes():
    logits = np.full(32, -60.0, np.float32)
    logits[[3, 20]] = 0.0
    drawn = np.array([[0.0, 0], [0.49999, 0], [0.50001, 0], [1 - 2**-24, 0]], np.float32)
    told = np.zeros((1, 1, 8, SMALL.gate_channels), np.float32)
    for name in GENERATORS:
        symbols, _ = write(flat_model(SMALL, logits), name, told, drawn)
        assert symbols[0].tolist() == [0, 3, 20, 20] or symbols[0].tolist() == [3, 3, 20, 20]


def test_generated_sound_is_decoded_and_without_emphasis():
    config = dataclasses.replace(SMALL, pre_emphasis=0.5)
    logits = np.full(32, -100.0, np.float32)
    logits[20] = 0
    sound = flat_model(config, logits).infer(torch.zeros(80, 1))
    level = mu_law_levels(32)[20]
    assert sound.dtype == torch.float32 and sound.shape == (160,)
    expected = [level, level * 1.5, level * 1.75]
    np.testing.assert_allclose(sound[:3], expected, rtol=1e-5)
    logits[31], logits[20] = 0, -100
    assert flat_model(config, logits).infer(torch.zeros(80, 1)).max() == 1.0


def test_seed_and_temperature_matter():
    model, mel = make_wavenet(SMALL), random_mel(4)
    first = model.infer(mel, seed=1)
    assert torch.equal(first, model.infer(mel, seed=1))
    assert not torch.equal(first, model.infer(mel, seed=2))
    cold = make_wavenet(dataclasses.replace(SMALL, temperature=0.0))
    assert torch.equal(cold.infer(mel, seed=1), cold.infer(mel, seed=2))
    assert torch.equal(cold.infer(mel, seed=1, temperature=1.0), first)
    longer = model.infer(torch.cat([mel, random_mel(3, 9)], 1), seed=1)
    assert torch.equal(longer[: 2 * 160], first[: 2 * 160])


@pytest.mark.parametrize("config", [SMALL, LOGISTICS], ids=lambda config: config.output)
@pytest.mark.parametrize("sizes", [[25], [1] * 25, [13, 12], [3, 20, 2], [10, 10, 5]])
def test_a_stream_equals_the_whole(config, sizes):
    model, mel = make_wavenet(config), random_mel(25)
    pieces = list(model.stream(mel.split(sizes, 1), seed=4))
    assert max(len(piece) for piece in pieces) <= 1600
    assert torch.equal(torch.cat(pieces), model.infer(mel, seed=4))
    assert list(model.stream([])) == []


def test_a_stream_begins_before_the_mel_ends():
    taken = []

    def blocks():
        for number in range(10):
            taken.append(number)
            yield random_mel(4, number)

    next(iter(make_wavenet(SMALL).stream(blocks())))
    assert len(taken) == 3


def test_conditioning_is_that_of_training():
    model, mel = make_wavenet(SMALL), random_mel(30)
    model.set_statistics(torch.linspace(-6, -4, 80), torch.linspace(1, 2, 80))
    conditioning = model.cpu_engine().conditioning
    stack, rows = conditioning.stack(), conditioning.scaled(mel.numpy())
    told = [conditioning.told(stack.push(rows[:11], False)),
            conditioning.told(stack.push(rows[11:], True))]  # fmt: skip
    np.testing.assert_allclose(
        np.concatenate(told), model.condition(mel[None])[0].numpy(), atol=1e-5
    )


def test_changed_weights_are_heard():
    model, mel = make_wavenet(SMALL), random_mel(3)
    before = model.infer(mel)
    model.output_bias[3] += 8
    after = model.infer(mel)
    assert not torch.equal(before, after)
    assert torch.equal(after, model.infer(mel, generator="naive"))


def test_the_generator_follows_the_weights():
    model = make_wavenet(SMALL)
    assert not model.cpu_engine().halves
    assert float16_values(model).cpu_engine().halves
    model.past[0, 0, 0] = 1e6
    with pytest.raises(VoiceError, match="choose generator 'numba-f32'"):
        model.infer(random_mel(1), generator="numba-f16")


def test_progress_is_told():
    told = []
    make_wavenet(SMALL).infer(random_mel(25), progress=told.append)
    # A short piece first, so that sound comes soon.
    assert [item.n_samples for item in told] == [160, 480, 1120, 1280, 2880, 4000]
    assert all(item.n_total == 4000 and item.samples_per_second > 0 for item in told)
    assert told[-1].seconds_left == 0 < told[0].seconds_left


@pytest.mark.parametrize("name", GENERATORS)
def test_an_interrupt_stops_it_at_once(name):
    told = []

    def interrupt(progress):
        told.append(progress)
        if len(told) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            make_wavenet(SMALL).infer(random_mel(200), generator=name, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(told) <= 3


BAD_MELS = {
    "3 bands": torch.zeros(3, 10),
    "no frame": torch.zeros(80, 0),
    "one axis": torch.zeros(80),
    "four axes": torch.zeros(1, 1, 80, 5),
    "no item": torch.zeros(0, 80, 5),
    "NaN": torch.full((80, 3), float("nan")),
    "infinity": torch.full((1, 80, 3), float("inf")),
}


@pytest.mark.parametrize("mel", BAD_MELS.values(), ids=BAD_MELS)
def test_what_is_no_mel_is_refused_before_the_kernel_starts(mel, monkeypatch):
    def forbidden(*_):
        raise AssertionError("the kernel was started")

    model = make_wavenet(SMALL)
    model.cpu_engine().writer(halves=False).write = forbidden
    with pytest.raises(AudioError, match="mel"):
        model.infer(mel)
    with pytest.raises(AudioError, match="mel"):
        list(model.stream([mel]))


def test_other_arguments_out_of_range_are_refused():
    model, mel = make_wavenet(SMALL), random_mel(1)
    with pytest.raises(AudioError, match="generator='fast'"):
        model.infer(mel, generator="fast")
    for value in (-1.0, float("nan"), float("inf"), "hot"):
        with pytest.raises(AudioError, match="temperature"):
            model.infer(mel, temperature=value)


def test_exponential_and_products_against_numpy():
    x = -np.geomspace(1e-6, 79, 2000).astype(np.float32)
    found = np.array([wavenet_kernel._exp(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x.astype(np.float64)), rtol=3e-7)
    random = np.random.default_rng(0)
    for n_in, n_out in ((16, 16), (48, 160), (64, 304)):
        rows = random.normal(size=(vector_product.ROWS, n_in)).astype(np.float32)
        weights = random.normal(size=(n_in, n_out)).astype(np.float16)
        start = random.normal(size=(vector_product.ROWS, n_out)).astype(np.float32)
        expected = start + rows.astype(np.float64) @ weights.astype(np.float64)
        for stored in (weights.astype(np.float32), weights.view(np.uint16)):
            out = start.copy().reshape(-1)
            args = rows.reshape(-1), 0, n_in, stored.reshape(-1), 0
            vector_product.add_rows_product(out, 0, n_out, *args)
            np.testing.assert_allclose(out.reshape(expected.shape), expected, atol=1e-4)
            one = start[2].copy()
            args = rows.reshape(-1), 2 * n_in, n_in, stored.reshape(-1), 0
            vector_product.add_product(one, 0, n_out, *args)
            np.testing.assert_array_equal(one, out.reshape(expected.shape)[2])


def test_float16_without_the_cpus_help(monkeypatch):
    """As on a machine that cannot convert them: subnormal, largest and negative numbers."""
    monkeypatch.setattr(vector_product, "_converts_float16", lambda: False)
    tile = vector_product._tile(1, 1)

    @numba.njit
    def add(out, x, weights):
        tile(out, 0, 16, x, 0, 1, weights, 0)

    values = np.array([0, -0.0, 1, -1.5, 65504, -65504, 6e-8, -3e-7, 6.1e-5, 0.1, -0.3, 2, 3, 4, 5,
                       1e-4], np.float16)  # fmt: skip
    out = np.zeros(16, np.float32)
    add(out, np.ones(1, np.float32), values.view(np.uint16))
    np.testing.assert_array_equal(out, values.astype(np.float32))


def test_the_kernels_work_where_nothing_can_be_kept(tmp_path, monkeypatch):
    """Installed read-only, without a cache folder of the user's: one warning, the same samples."""
    if sys.platform == "win32":
        pytest.skip("the user's cache folder is not found by environment variables")
    nowhere, install = tmp_path / "home", tmp_path / "install"
    nowhere.write_text("not a folder")
    install.mkdir()
    (install / "__pycache__").write_text("not a folder")
    path = shutil.copy(wavenet_kernel.__file__, install)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("HOME", str(nowhere))
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere / "cache"))
    compiled._warn_once.cache_clear()
    spec = importlib.util.spec_from_file_location("wavenet_kernel_copy", path)
    kernels = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spec.loader.exec_module(kernels)
    told = [warning for warning in caught if warning.category is RuntimeWarning]
    assert len(told) == 1 and "NUMBA_CACHE_DIR" in str(told[0].message)
    model = make_wavenet(SMALL)
    expected = model.infer(random_mel(2))
    writer = model._writer("numba-f32")
    monkeypatch.setattr(wavenet_numba, "write_samples", kernels.write_samples)
    monkeypatch.setattr(writer, "_packed", kernels.Packed(*writer._packed))
    assert torch.equal(model.infer(random_mel(2)), expected)
