from __future__ import annotations

import math

import torch

from tests.training.spoken_data import AUDIO, make_spoken_data
from tts_pipeline.training.data.device_crops import DeviceCropSampler


def test_crops_cut_on_the_device_are_pieces_of_the_utterances(tmp_path):
    data = make_spoken_data(tmp_path, 4)
    store, n_frames, hop = data.store, 50, AUDIO.hop_length
    predicted = {i: store[i].mel + 100 for i in store.ids[:3]}
    sampler = DeviceCropSampler(
        store, n_frames, 32, 1, torch.device("cpu"), predicted=predicted, predicted_share=0.5
    )
    crops = sampler(3, slice(None))
    assert crops.waveform.shape == crops.noise.shape == (32, n_frames * hop)
    assert crops.mel.shape == (32, 80, n_frames) and crops.start.shape == (32, 1)
    replaced = 0
    for row in range(32):
        found = None
        for name in store.ids:
            windows = store[name].waveform.unfold(0, n_frames * hop, hop)
            same = (windows == crops.waveform[row]).all(1).nonzero()
            found = (name, int(same[0])) if len(same) else found
        name, begin = found
        item, frames = store[name], slice(begin, begin + n_frames)
        torch.testing.assert_close(crops.f0[row], item.f0[frames], atol=0, rtol=0)
        smooth = item.f0_interpolated[frames]
        torch.testing.assert_close(crops.f0_interpolated[row], smooth, atol=0, rtol=0)
        other = crops.mel[row].mean() > 50
        assert not other or name in predicted
        replaced += int(other)
        torch.testing.assert_close(crops.mel[row], item.mel[:, frames] + 100 * other)
    assert 4 < replaced < 20
    again = sampler(3, slice(8, 16))
    torch.testing.assert_close(again.waveform, crops.waveform[8:16], atol=0, rtol=0)
    assert not torch.equal(sampler(4, slice(None)).waveform, crops.waveform)


def test_crops_longer_than_an_utterance_end_in_silence(tmp_path):
    data = make_spoken_data(tmp_path, 2)
    store = data.store
    n_frames = 10 + max(store[i].mel.shape[1] for i in store.ids)
    crops = DeviceCropSampler(store, n_frames, 8, 1, torch.device("cpu"))(0, slice(None))
    assert (crops.waveform[:, -10 * AUDIO.hop_length :] == 0).all()
    assert (crops.mel[:, :, -10:] == math.log(AUDIO.log_floor)).all()
    assert (crops.f0[:, -10:] == 0).all() and (crops.f0_interpolated[:, -10:] == 150).all()
    # They begin at the beginning, since there is no room to move.
    starts = {tuple(store[i].waveform[:9].tolist()) for i in store.ids}
    assert {tuple(row[:9].tolist()) for row in crops.waveform} <= starts
