"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import copy
import re

import pytest

from tts_pipeline.text import lazy_re


def test_a_pattern_is_that_of_re() -> None:
    lazy, plain = (each.compile("(A+)(?P<b>b)", re.IGNORECASE) for each in (lazy_re, re))
    text = "xaab AB"
    assert lazy.sub("-", text) == plain.sub("-", text)
    assert [m.span() for m in lazy.finditer(text)] == [m.span() for m in plain.finditer(text)]
    assert (lazy.pattern, lazy.groups, lazy.flags) == (plain.pattern, plain.groups, plain.flags)
    assert copy.deepcopy(lazy).findall(text) == plain.findall(text)


def test_nothing_is_compiled_before_its_use() -> None:
    faulty = lazy_re.compile("(")
    assert faulty.pattern == "("
    with pytest.raises(re.error):
        faulty.match("")
