"""Symbols are drawn as often as the network's outputs say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from tests.vocoder.wavenet.small import (
    LOGISTICS,
    SMALL,
    flat_model,
    uniforms,
    write,
)
from tts_pipeline.vocoder.wavenet.generators import GENERATORS


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
