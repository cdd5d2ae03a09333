"""The toy of two right answers: who draws both characters by themselves says what nobody said."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[1] / "recipes" / "strategies" / "two_answers.py"


@pytest.fixture(scope="module")
def toy() -> ModuleType:
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("two_answers", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_table_of_known_answers(toy):
    answers = Counter({"演員": 60, "老師": 20, "老員": 10, "演師": 5, "演演": 5})
    asked = toy.Asked("any", 1234, 2, answers)
    assert asked.share(toy.RIGHT) == 0.8 and asked.share(toy.NEVER_SAID) == 0.15
    row = toy.table([asked]).splitlines()[-1]
    assert row == "| any | 1,234 | 2 | 80.0 % | 60.0 % | 20.0 % | 10.0 % | 5.0 % | 5.0 % |"


def test_what_each_way_answers(toy, capsys):
    torch = pytest.importorskip("torch")
    before = torch.random.get_rng_state()
    ways = {way.name: way for way in toy.ask_all(2000, 400, 3)}
    torch.random.set_rng_state(before)
    # By themselves: half of the answers are right, with a standard error of .011.
    for name in ("one-shot", "masked, 1 round"):
        assert ways[name].share(toy.RIGHT) == pytest.approx(0.5, abs=0.06)
        assert ways[name].share(toy.NEVER_SAID) == pytest.approx(0.5, abs=0.06)
    for name in ("autoregressive", "masked, 2 rounds"):
        assert ways[name].share(toy.RIGHT) > 0.98
    assert ways["latent"].share(toy.RIGHT) > 0.8
    # And neither answer is forgotten.
    for way in ways.values():
        assert min(way.share((text,)) for text in toy.RIGHT) > 0.15
    assert all(way.n_parameters < 5000 for way in ways.values())


def test_the_command_prints_the_table_twice_the_same(toy, capsys):
    printed = []
    for _ in range(2):
        assert toy.main(["--samples", "50", "--steps", "3", "--seed", "1"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0].count("\n") == 7
