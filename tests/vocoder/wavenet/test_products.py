"""The parts of WaveNet's kernel, and where it is kept."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import warnings

import numba
import numpy as np
import pytest

from tests.vocoder.wavenet.small import (
    SMALL,
    engine_of,
    make_wavenet,
    random_mel,
)
from tts_pipeline.nn import jit as compiled
from tts_pipeline.nn import vector_product
from tts_pipeline.nn.approximations import exponential_of_negative
from tts_pipeline.vocoder.wavenet import kernel as wavenet_kernel
from tts_pipeline.vocoder.wavenet import packed as wavenet_numba


def test_exponential_and_products_against_numpy():
    x = -np.geomspace(1e-6, 79, 2000).astype(np.float32)
    found = np.array([exponential_of_negative(value) for value in x])
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


@pytest.mark.parametrize("n_out", [16, 48, 304, 7, 147])
def test_products_that_leave_out_zeros_against_numpy(n_out):
    random = np.random.default_rng(0)
    x = random.normal(size=40).astype(np.float32)
    x[random.random(40) < 0.6] = 0
    weights = random.normal(size=(40, n_out)).astype(np.float16)
    # What belongs to a zero is not read at all.
    weights[x == 0] = np.inf
    start = random.normal(size=n_out).astype(np.float32)
    used = weights[x != 0].astype(np.float64)
    expected = start + x[x != 0].astype(np.float64) @ used
    stored = [weights.astype(np.float32)]
    if n_out % vector_product.LANES == 0:
        stored.append(weights.view(np.uint16))
    for matrix in stored:
        out = start.copy()
        vector_product.add_sparse_product(out, x, matrix, np.empty(40, np.int64))
        np.testing.assert_allclose(out, expected, atol=1e-5)


def test_float16_without_the_cpus_help(monkeypatch):
    """As on a machine that cannot convert them: subnormal, largest and negative numbers."""
    monkeypatch.setattr(vector_product, "converts_float16", lambda: False)
    tile = vector_product.tile_function(1, 1)

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
    compiled.warn_that_nothing_is_kept.cache_clear()
    spec = importlib.util.spec_from_file_location("wavenet_kernel_copy", path)
    kernels = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spec.loader.exec_module(kernels)
    told = [warning for warning in caught if warning.category is RuntimeWarning]
    assert len(told) == 1 and "NUMBA_CACHE_DIR" in str(told[0].message)
    engine = engine_of(make_wavenet(SMALL))
    expected = engine.infer(random_mel(2))
    writer = engine.writer(use_float16=False)
    monkeypatch.setattr(wavenet_numba, "write_samples", kernels.write_samples)
    monkeypatch.setattr(writer, "packed", kernels.Packed(*writer.packed))
    assert np.array_equal(engine.infer(random_mel(2)), expected)
