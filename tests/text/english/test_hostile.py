"""Whatever a string holds, the front end answers in time and with tokens of its alphabet."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import MAX_TOKENS
from tts_pipeline.text.symbols import ARPABET, BOS, EOS

FRONT_END = EnglishFrontEnd()
ALPHABET = set(ARPABET.tokens.values())


def check(text):
    """Assert what holds for every text, and return its words."""
    sentences, report = FRONT_END(text)
    begin = 0
    for sentence in sentences:
        tokens = sentence.tokens
        assert 4 <= len(tokens) <= MAX_TOKENS
        assert set(tokens) <= ALPHABET
        assert (tokens[0], tokens[-1]) == (ARPABET.tokens[BOS], ARPABET.tokens[EOS])
        assert len(sentence.words) == len(sentence.gaps) > 0
        assert 0 <= sentence.span[0] <= sentence.span[1] <= len(text)
        for word in sentence.words:
            assert word.phones
            assert 0 <= word.confidence <= 1
            assert begin <= word.span[0] <= word.span[1] <= len(text)
            begin = word.span[0]
    for record in report.dropped:
        assert 0 <= record.span[0] <= record.span[1] <= len(text)
    return [word.text for sentence in sentences for word in sentence.words]


ANY = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Mn", "Cc", "So"]),
        st.sampled_from("abcdefghijklmnopqrstuvwxyz '.,-$0123456789[]<>&/"),
    ),
    max_size=60,
)
PARTS = st.lists(
    st.sampled_from(
        ["the", "a", "read", "U.S.", "$5.20", "3/4/2001", "Zorblatt's", "[[", "]]", "[[K AE1 T]]",
         "<speak>", "</speak>", "<s>", "&amp;", "\n\n", " ", "...", "?!", "😀", "\u200b", "\ud800",
         "\x00", "café", "e\u0301", "北京", "10:30pm", "x@y.com", "A.", "IV", "'s", "-"]
    ),
    max_size=25,
).map(" ".join)  # fmt: skip


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(ANY, PARTS))
def test_any_text_gives_a_bounded_answer(text):
    try:
        words = check(text)
    except TextError:
        # Only mark-up can be wrong.
        assert "[[" in text or "<speak" in text or "<!DOCTYPE" in text
        return
    streamed = [
        w.text for sentence, _ in FRONT_END.stream(text) if sentence for w in sentence.words
    ]
    assert streamed == words


@settings(deadline=None, max_examples=50)
@given(ANY)
def test_strict_accepts_exactly_what_loses_nothing(text):
    text = text.replace("[", "").replace("<", "")
    lost = any(record.text for record in FRONT_END(text)[1].dropped)
    if lost:
        with pytest.raises(TextError, match="cannot speak"):
            FRONT_END(text, strict=True)
    else:
        FRONT_END(text, strict=True)


@settings(deadline=None, max_examples=50)
@given(st.one_of(ANY, PARTS))
def test_ssml_is_read_or_named(text):
    try:
        check(f"<speak>{text}</speak>")
    except TextError as error:
        assert "line" in str(error)


RANDOM = random.Random(7)
HOSTILE = {
    "nul": "\x00",
    "lone surrogates": "a\ud800b \udfff c",
    "combining": "a" + "\u0301" * 10_000 + " end",
    "zero width": "\u200b\u200c\u200d\ufeff" * 500 + "end",
    "bidi": "\u202e\u2066abc\u2069\u202c" * 200,
    "digits": "1234567890" * 500,
    "url": "https://example.com/" + "a1-b2_c3/" * 333,
    "no space": "".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=10_000)),
    "one letter": "a" * 10_000,
    "html": "<html><body onload='x()'><p>Hello <b>world</b></p><br></body></html>",
    "deep html": "<b>" * 5000 + "x" + "</b>" * 5000,
    "brackets": "([{" * 5000,
    "double brackets": "[[" * 5000 + "]]" * 5000,
    "quotes": "\"'" * 5000,
    "dots": "." * 10_000,
    "commas": "a," * 5000,
    "initials": "A." * 5000,
    "apostrophes": "a'b" * 3000,
    "hyphens": "a-" * 5000,
    "at signs": "a@" * 3000,
    "slashes": "a/" * 5000,
    "capitals": "ABCDEFGH " * 1000,
    "emoji": "😀👩‍👩‍👧‍👦🇩🇪" * 300,
    "chinese": "你好世界。" * 500,
    "arabic": "مرحبا بالعالم " * 300,
    "zalgo": "".join(c + "\u0300\u0316\u0489" * 20 for c in "hello world"),
    "mathematical": "𝓗𝓮𝓵𝓵𝓸 ｆｕｌｌ ﬁ ½ ™ Ⅳ",
    "newlines": "\n" * 10_000 + "end",
    "ampersands": "&" * 5000,
    "money": "$1,000,000.00" * 500,
    "times": "10:30:" * 1000,
    "phones": "[[" + "AH0 " * 90 + "]]" + "[[AH0]]" * 3000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name):
    words = check(HOSTILE[name])
    if "end" in HOSTILE[name]:
        assert words[-1] == "end"


@pytest.mark.parametrize("name", ["no space", "url", "html"])
def test_hostile_text_inside_ssml(name):
    text = HOSTILE[name].replace("&", "&amp;").replace("<", "&lt;")
    assert check(f"<speak>{text}</speak>")


def test_nothing_is_lost_without_a_word():
    text = "Hi\ud800 \x07there 北京, e\u0301 \u200bend"
    _, report = FRONT_END(text)
    dropped = "".join(record.text for record in report.dropped)
    for character in "\ud800\x07北京\u200b":
        assert character in dropped


def test_work_grows_with_the_text_not_with_its_square():
    """A text of 1 MB takes the calls, and no more tokens, that its length explains."""
    import sys

    def work(text):
        """Count the function calls of Python code."""
        calls = 0

        def count(frame, event, argument):
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            FRONT_END(text)
        finally:
            sys.setprofile(None)
        return calls

    line = "Mr. Fox paid $3.50 for 12 eggs, read it, and left; nobody objected. "
    work(line)
    small, large = work(line * 15), work(line * 600)
    assert large < 45 * small


def test_a_megabyte():
    line = "The quick brown fox jumps over the lazy dog, and it was not amused. "
    sentences, report = FRONT_END(line * 15_000)
    assert len(sentences) == report.n_sentences == 15_000
    assert sentences[-1].span[1] == len(line) * 15_000 - 1
