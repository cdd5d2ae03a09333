"""From mel to sound by WaveNet: whole, streamed, stopped, refused."""

from __future__ import annotations

import dataclasses
import os
import signal

import numpy as np
import pytest
import torch

from tests.flops import Counter
from tests.vocoder.wavenet.small import (
    LOGISTICS,
    SMALL,
    engine_of,
    flat_model,
    float16_values,
    infer,
    make_wavenet,
    random_mel,
)
from tts_pipeline.errors import AudioError, VoiceError
from tts_pipeline.protocols import Vocoder
from tts_pipeline.vocoder.wavenet.generators import GENERATORS, WaveNetOnDevice
from tts_pipeline.vocoder.wavenet.levels import mu_law_levels


def test_generated_sound_is_decoded_and_without_emphasis():
    config = dataclasses.replace(SMALL, pre_emphasis=0.5)
    logits = np.full(32, -100.0, np.float32)
    logits[20] = 0
    sound = infer(flat_model(config, logits), torch.zeros(80, 1))
    level = mu_law_levels(32)[20]
    assert sound.dtype == np.float32 and sound.shape == (160,)
    expected = [level, level * 1.5, level * 1.75]
    np.testing.assert_allclose(sound[:3], expected, rtol=1e-5)
    logits[31], logits[20] = 0, -100
    assert infer(flat_model(config, logits), torch.zeros(80, 1)).max() == 1.0


def test_seed_and_temperature_matter():
    model, mel = make_wavenet(SMALL), random_mel(4)
    first = infer(model, mel, seed=1)
    assert np.array_equal(first, infer(model, mel, seed=1))
    assert not np.array_equal(first, infer(model, mel, seed=2))
    cold = make_wavenet(dataclasses.replace(SMALL, temperature=0.0))
    assert np.array_equal(infer(cold, mel, seed=1), infer(cold, mel, seed=2))
    assert np.array_equal(infer(cold, mel, seed=1, temperature=1.0), first)
    longer = infer(model, torch.cat([mel, random_mel(3, 9)], 1), seed=1)
    assert np.array_equal(longer[: 2 * 160], first[: 2 * 160])


@pytest.mark.parametrize("config", [SMALL, LOGISTICS], ids=lambda config: config.output)
@pytest.mark.parametrize("sizes", [[25], [1] * 25, [13, 12], [3, 20, 2], [10, 10, 5]])
def test_a_stream_equals_the_whole(config, sizes):
    model, mel = make_wavenet(config), random_mel(25)
    engine = engine_of(model)
    pieces = list(engine.stream(mel.split(sizes, 1), seed=4))
    assert max(len(piece) for piece in pieces) <= 1600
    assert np.array_equal(np.concatenate(pieces), engine.infer(mel, seed=4))
    assert list(engine.stream([])) == []


def test_a_stream_begins_before_the_mel_ends():
    taken = []

    def blocks():
        for number in range(10):
            taken.append(number)
            yield random_mel(4, number)

    next(iter(engine_of(make_wavenet(SMALL)).stream(blocks())))
    assert len(taken) == 3


def test_conditioning_is_that_of_training():
    model, mel = make_wavenet(SMALL), random_mel(30)
    model.set_statistics(torch.linspace(-6, -4, 80), torch.linspace(1, 2, 80))
    conditioning = engine_of(model).conditioning
    stack, rows = conditioning.stack(), conditioning.scaled(mel.numpy())
    told = [conditioning.per_layer(stack.push(rows[:11], False)),
            conditioning.per_layer(stack.push(rows[11:], True))]  # fmt: skip
    np.testing.assert_allclose(
        np.concatenate(told), model.condition(mel[None])[0].numpy(), atol=1e-5
    )


def test_operations_are_those_that_pytorch_counts():
    for config in (SMALL, LOGISTICS):
        model, mel = make_wavenet(config), random_mel(3)
        symbols = model.symbols(torch.zeros(1, 480))
        with Counter() as counter:
            model(symbols, mel[None])
        counted = engine_of(model).operations(3)
        assert counted.sequential_steps == 480
        assert 2 * counted.multiply_accumulates == pytest.approx(
            counter.get_total_flops(), rel=0.03
        )


def test_the_generator_follows_the_weights():
    model = make_wavenet(SMALL)
    assert not engine_of(model).fits_float16
    assert engine_of(float16_values(model)).fits_float16
    on_device = WaveNetOnDevice(model)
    assert isinstance(on_device, Vocoder) and isinstance(on_device.engine, Vocoder)
    assert on_device.writer is on_device.engine.writer(use_float16=True)
    model.past[0, 0, 0] = 1e6
    with pytest.raises(VoiceError, match="choose generator 'numba-f32'"):
        infer(model, random_mel(1), generator="numba-f16")


def test_progress_is_told():
    told = []
    infer(make_wavenet(SMALL), random_mel(25), progress=told.append)
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
            infer(make_wavenet(SMALL), random_mel(200), generator=name, progress=interrupt)
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

    engine = engine_of(make_wavenet(SMALL))
    engine.writer(use_float16=False).write = forbidden
    with pytest.raises(AudioError, match="mel"):
        engine.infer(mel)
    with pytest.raises(AudioError, match="mel"):
        list(engine.stream([mel]))


def test_other_arguments_out_of_range_are_refused():
    model, mel = make_wavenet(SMALL), random_mel(1)
    with pytest.raises(AudioError, match="generator='fast'"):
        infer(model, mel, generator="fast")
    for value in (-1.0, float("nan"), float("inf"), "hot"):
        with pytest.raises(AudioError, match="temperature"):
            infer(model, mel, temperature=value)
