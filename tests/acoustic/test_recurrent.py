"""The encoder's GRU kernel against the framework's."""

from __future__ import annotations

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.tiny_voice import make_tiny_voice
from tts_pipeline.acoustic.recurrent import bidirectional_gru


def test_kernel_equals_torch_for_a_batch_of_unequal_lengths() -> None:
    torch.manual_seed(0)
    gru = torch.nn.GRU(24, 13, batch_first=True, bidirectional=True).requires_grad_(False)
    x, lengths = torch.randn(3, 40, 24), torch.tensor([1, 40, 17])
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(gru(packed)[0], batch_first=True, total_length=40)
    torch.testing.assert_close(bidirectional_gru(gru, x, lengths), expected, atol=2e-6, rtol=0)


def test_encoder_gives_the_same_in_inference_and_in_training() -> None:
    encoder = make_tiny_voice().acoustic.encoder
    tokens, lengths = torch.randint(1, 40, (2, 30)), torch.tensor([30, 12])
    mask = (torch.arange(30) < lengths[:, None])[..., None].float()
    with torch.no_grad():
        expected = encoder(tokens, lengths, mask)
    with torch.inference_mode():
        found = encoder(tokens, lengths, mask)
    torch.testing.assert_close(found, expected, atol=5e-6, rtol=0)
