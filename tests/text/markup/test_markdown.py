"""Markdown as marked text: what is said, what is left out, and where each word comes from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import Sentence

FRONT_END = EnglishFrontEnd(text_format="markdown")


def said(sentence: Sentence) -> str:
    pairs = zip(sentence.words, sentence.gaps)
    return "".join(word.text + (" " if gap == "|" else gap + " ") for word, gap in pairs).strip()


def spoken(text: str) -> list[str]:
    return [said(sentence) for sentence in FRONT_END(text)[0]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("# Head\nText here.", ["head.", "text here."]),
        ("## Head ##\n\nText", ["head.", "text."]),
        ("Head\n====\nText", ["head.", "text."]),
        ("a *b* __c__ ~~d~~ ***e***", ["a b c d e."]),
        ("snake_case and 2*3*4", ["snake case and two times three times four."]),
        ("\\*no\\* mark", ["no mark."]),
        ("Use `pip install` now.", ["use pip install now."]),
        ("See [the docs](https://x.org/a_(b) \"T\") now.", ["see the docs now."]),
        ("See [it][one] now.\n\n[one]: http://x.org", ["see it now."]),
        ("See [it] now.", ["see, it, now."]),
        ("A ![red cat](cat.png) sat.", ["a red cat sat."]),
        ("Mail <a@b.com> now.", ["mail a at b dot com now."]),
        ("A note[^1] here.\n\n[^1]: The note.", ["a note here.", "the note."]),
        ("- one\n- two\n  more\n* three", ["one.", "two more.", "three."]),
        ("1. Wash it.\n2. Dry it.", ["one, wash it.", "two, dry it."]),
        ("- [x] done\n- [ ] open", ["done.", "open."]),
        ("> quoted\n> text", ["quoted text."]),
        ("one\n\n***\n\ntwo", ["one.", "two."]),
        ("| Name | Age |\n|---|--:|\n| Ann | 31 |", ["name, age.", "ann, thirty one."]),
        ("$x^2$ and \\$5", ["x squared and five dollars."]),
        ("$$\\frac{a}{b} = \\sqrt{c}$$", ["a over b equals square root of c."]),
        ("It costs $5 and $6.", ["it costs five dollars and six dollars."]),
        ("[[HH AY1]] *there*", ["hh ay1 there."]),
    ],
)  # fmt: skip
def test_what_is_said(written: str, expected: list[str]) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "left_out", "reason"),
    [
        ("a\n\n```py\nx = 1\n```\n\nb", "```py\nx = 1\n```", "code"),
        ("a\n\n~~~\nx\n\ny\n~~~\nb", "~~~\nx\n\ny\n~~~", "code"),
        ("a\n\n    x = 1\n    y = 2\n\nb", "    x = 1\n    y = 2", "code"),
        ("---\ntitle: t\n---\na\n\nb", "---\ntitle: t\n---\n", "front matter"),
        ("a\n\nb\n\n[r]: http://x.org", "[r]: http://x.org", "link target"),
        ("a ![](x.png)\n\nb", "![](x.png)", "image without a text"),
    ],
)
def test_what_is_left_out_is_reported(written: str, left_out: str, reason: str) -> None:
    sentences, report = FRONT_END(written)
    assert [sentence.words[0].text for sentence in sentences] == ["a", "b"]
    (record,) = report.dropped
    assert (record.text, record.reason) == (left_out, reason)
    assert written[slice(*record.span)] == left_out


def test_code_is_read_when_asked_for() -> None:
    sentences, report = FRONT_END.with_format("markdown", code="read")("a\n\n```\nx = 1\n```")
    assert [said(sentence) for sentence in sentences] == ["a.", "x equals one."]
    assert not report.dropped


def test_spans_lead_to_the_source() -> None:
    text = "> 1. *Ann* saw [the **red** cat](x.png) \\& `two dogs`\n>    today.\n"
    words = [word for sentence in FRONT_END(text)[0] for word in sentence.words]
    assert [text[slice(*word.span)] for word in words if word.text not in ("one", "and")] == [
        "Ann", "saw", "the", "red", "cat", "two", "dogs", "today",
    ]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            ["a", "word", "*", "**", "_", "`", "```", "\n", "\n\n", "# ", "- ", "1. ", "> ", "|",
             "[", "](", ")", "![", "$", "$$", "\\", "\\frac{", "}", "^", "---", "===", "    ",
             "<b>", "~~", "[^1]", ": ", "[[", "]]", "[pause:1s]", "5", " ", "é", "😀"]
        ),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_any_markdown_is_read_in_order(text: str) -> None:
    try:
        sentences, report = FRONT_END(text)
    except TextError:
        assert "[[" in text
        return
    begin = 0
    for sentence in sentences:
        for word in sentence.words:
            assert begin <= word.span[0] <= word.span[1] <= len(text)
            begin = word.span[0]
    assert all(0 <= r.span[0] <= r.span[1] <= len(text) for r in report.dropped)
    streamed = [w.text for s, _ in FRONT_END.stream(text) if s for w in s.words]
    assert streamed == [word.text for sentence in sentences for word in sentence.words]


@pytest.mark.parametrize(("name", "value"), [("text_format", "html"), ("code", "spell")])
def test_unknown_values_are_named(name: str, value: str) -> None:
    with pytest.raises(TextError, match=value):
        EnglishFrontEnd(**{"text_format": "markdown", name: value})("a")
