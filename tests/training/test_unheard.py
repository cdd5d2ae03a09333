from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.text.symbols import ARPABET
from tts_pipeline.training.unheard import replace_unheard

IDS = ARPABET.ids


def tokens(*phones: str) -> torch.Tensor:
    return torch.tensor([ARPABET.encode(phone) for phone in phones])


def embedding() -> nn.Embedding:
    torch.manual_seed(0)
    return nn.Embedding(len(ARPABET.symbols), 6)


def test_marks_take_the_nearest_that_was_heard_and_phones_the_mean():
    made = embedding()
    before = made.weight.detach().clone()
    read = [tokens("<bos>", "T", "AH1", "|", "N", ".", "<eos>"), tokens("AH0", ",", "T")]
    unheard = replace_unheard(made, ARPABET, read)
    assert {"!", "?", "<short>", "<long>", "<unk>", "ZH"} <= set(unheard)
    assert not {"T", "AH", "N", ",", ".", "|", "<bos>", "<eos>", "<pad>"} & set(unheard)
    after = made.weight.detach()
    for symbol, other in (("!", "."), ("?", "."), ("<short>", ","), ("<long>", ".")):
        assert torch.equal(after[IDS[symbol]], before[IDS[other]])
    mean = before[[IDS["T"], IDS["AH"], IDS["N"]]].mean(0)
    for symbol in ("ZH", "OY", "<unk>"):
        torch.testing.assert_close(after[IDS[symbol]], mean)
    for symbol in ("<pad>", "<bos>", "<eos>", "T", "AH", "N", ",", ".", "|"):
        assert torch.equal(after[IDS[symbol]], before[IDS[symbol]])


def test_without_full_stops_the_next_mark_stands_in():
    made = embedding()
    before = made.weight.detach().clone()
    replace_unheard(made, ARPABET, [tokens("<bos>", "T", "|", "N", "<eos>")])
    for symbol in (",", ".", "?", "!", "<short>", "<long>"):
        assert torch.equal(made.weight.detach()[IDS[symbol]], before[IDS["|"]])


def test_nothing_heard_changes_nothing():
    made = embedding()
    before = made.weight.detach().clone()
    assert len(replace_unheard(made, ARPABET, [])) == len(ARPABET.symbols) - 1
    assert torch.equal(made.weight.detach(), before)
