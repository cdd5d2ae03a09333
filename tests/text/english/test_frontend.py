"""The assembled front end: words in context, gaps, bounded sentences, streaming, reports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.explain import explain
from tts_pipeline.text.english.frontend import BLOCK, EnglishFrontEnd
from tts_pipeline.text.protocol import MAX_TOKENS, Sentence, Word
from tts_pipeline.text.symbols import ARPABET, BOS, EOS, decode


@pytest.fixture(scope="module")
def front_end():
    return EnglishFrontEnd()


def phones_of(front_end, text):
    sentences, _ = front_end(text)
    return {word.text: " ".join(word.phones) for s in sentences for word in s.words}


def test_tokens_spell_the_sentence(front_end):
    (sentence,), _ = front_end("Hello, world!")
    spelled = [decode(token) for token in sentence.tokens]
    assert spelled == [
        BOS, *"HH AH0 L OW1".split(), ",", *"W ER1 L D".split(), "!", EOS,
    ]  # fmt: skip
    assert sentence.token_words == [-1, 0, 0, 0, 0, -1, 1, 1, 1, 1, -1, -1]
    assert sentence.token_rate == [1.0] * 12
    assert sentence.token_pause_s == [0.0] * 12


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("The apple.", "the", "DH IY0"),
        ("The pear.", "the", "DH AH0"),
        ("The hour.", "the", "DH IY0"),
        ("The unit.", "the", "DH AH0"),
        ("A pear.", "a", "AH0"),
        ("It contains vitamin A today.", "a", "EY1"),
        ("We saw A Tale of Two Cities.", "a", "AH0"),
        ("Go to Rome.", "to", "T AH0"),
        ("Go to Ohio.", "to", "T UW0"),
        ("Where did you go to?", "to", "T UW1"),
        ("Bread and butter.", "and", "AH0 N D"),
        ("What is it for?", "for", "F AO1 R"),
        ("It is for you, dear.", "for", "F AO0 R"),
    ],
)
def test_function_words_take_their_place(front_end, text, word, phones):
    assert phones_of(front_end, text)[word] == phones


def test_case_tells_initials_from_words(front_end):
    for initials, word in (("US", "us"), ("WHO", "who"), ("IT", "it")):
        spelled, _ = front_end(f"The {initials} staff left.")
        assert [w.source for w in spelled[0].words[1 : 1 + len(initials)]] == (
            ["letters"] * len(initials)
        )
        assert word in phones_of(front_end, f"They said {word} left.")


def test_accents_are_folded(front_end):
    assert phones_of(front_end, "café naïve Müller") == phones_of(front_end, "cafe naive muller")


def test_sources_and_confidence(front_end):
    (sentence,), _ = front_end("Bob's nightglow, zorblatt and FBI [[K AE1 T]] siobhan.")
    found = {word.text: word for word in sentence.words}
    assert found["bob's"].source == "lexicon"
    assert found["nightglow"].source == "morphology"
    assert found["zorblatt"].source == "oov"
    assert found["siobhan"].source == "override"
    assert found["k ae1 t"].source == "inline"
    assert [word.source for word in sentence.words].count("letters") == 3
    assert found["zorblatt"].confidence < 1
    assert found["bob's"].confidence == 1
    assert all(0 < word.confidence <= 1 for word in sentence.words)


def test_initials_written_small_are_spelled(front_end):
    assert phones_of(front_end, "the llm")["llm"] == "EH1 L EH1 L EH1 M"


def test_spans_point_at_the_source(front_end):
    text = "Dr. Smith paid $25.50 on 3/4/2001, in Paris."
    sentences, _ = front_end(text)
    written = {word.text: text[slice(*word.span)] for word in sentences[0].words}
    assert written["doctor"] == "Dr."
    assert written["dollars"] == written["fifty"] == "$25.50"
    assert written["paris"] == "Paris"


def test_pauses_after_sentences_and_paragraphs(front_end):
    sentences, report = front_end("One. Two.\n\nThree.")
    assert [s.pause_after_s for s in sentences] == [0.3, 0.7, 0.3]
    assert report.n_sentences == 3
    assert report.n_split == 0


def test_a_long_sentence_is_cut_at_its_commas(front_end):
    text = ", ".join(["the quick brown fox jumps over the lazy dog"] * 40) + "."
    sentences, report = front_end(text)
    assert len(sentences) > 1
    assert report.n_split == len(sentences)
    assert max(len(s.tokens) for s in sentences) <= MAX_TOKENS
    assert all(s.words[-1].text == "dog" for s in sentences)
    assert [s.gaps[-1] for s in sentences] == [","] * (len(sentences) - 1) + ["."]
    assert sum(len(s.words) for s in sentences) == 9 * 40
    assert [s.pause_after_s for s in sentences[:-1]] == [0.0] * (len(sentences) - 1)


def test_what_cannot_be_spoken_is_reported_or_refused(front_end):
    text = "Hi 😀 there."
    sentences, report = front_end(text)
    assert [word.text for word in sentences[0].words] == ["hi", "there"]
    assert [(d.text, text[slice(*d.span)]) for d in report.dropped] == [("😀", "😀")]
    with pytest.raises(TextError, match="😀.*character 3"):
        front_end(text, strict=True)
    assert front_end("Hi there.", strict=True)[0]


def test_nothing_to_say(front_end):
    for text in ("", " \n\t ", "...", "()"):
        sentences, report = front_end(text)
        assert sentences == []
        assert report.n_sentences == 0
    assert "nothing to say" in explain("", front_end)


def test_the_normal_form_is_said_the_same(front_end):
    text = "On 3/4/2001 the U.S. paid $25 to Dr. Bob's [[K AE1 T]], NASA & co. Read it!"
    sentences, report = front_end(text)
    again, _ = front_end(report.normalised)
    assert [s.tokens for s in again] == [s.tokens for s in sentences]


@pytest.mark.parametrize("inside", ["HH AX L OW1", "/q5/", "QQ"])
def test_bad_inline_phones_are_named_with_their_place(front_end, inside):
    with pytest.raises(TextError, match="character 4"):
        front_end(f"Say [[{inside}]] now.")


def test_other_double_brackets_are_text(front_end):
    words = [word.text for word in front_end("See [[Paris in spring]].")[0][0].words]
    assert words == ["see", "paris", "in", "spring"]


def test_inline_phones_touch_words_and_signs(front_end):
    (sentence,), _ = front_end("pre[[K AE1 T]]post, [[/kæt/]]'s ([[D AO1 G|K AE1 T]]).")
    assert [" ".join(word.phones) for word in sentence.words] == [
        "P R IY1", "K AE1 T", "P OW1 S T", "K AE1 T S", "D AO1 G", "K AE1 T",
    ]  # fmt: skip


def test_given_phones_are_bounded(front_end):
    with pytest.raises(TextError, match="at most 100"):
        front_end("[[" + "K AE1 " * 100 + "]]")


BOOK = "\n\n".join(
    f"Chapter {n}. It was the {n}th day, at {n}:30 p.m. Mr. Holmes paid ${n}.50 for tea.\n"
    f'"Really?" asked Dr. Watson [[K AE1 T]] 😀; "I read it in No. {n}." He left, et al.'
    for n in range(1, 140)
)


def test_stream_says_the_same_as_the_whole(front_end):
    sentences, report = front_end(BOOK)
    assert len(BOOK) > 2 * BLOCK
    for pieces in (BOOK, [BOOK], BOOK.splitlines(keepends=True), list(BOOK)):
        streamed = list(front_end.stream(pieces))
        assert [sentence for sentence, _ in streamed] == sentences
        assert tuple(d for _, dropped in streamed for d in dropped) == report.dropped


def test_stream_is_bounded_without_any_sentence_end(front_end):
    taken = 0

    def endless():
        nonlocal taken
        for _ in range(24):
            taken += 1
            yield "word " * (BLOCK // 5)

    stream = front_end.stream(endless())
    first, _ = next(stream)
    assert taken < 10
    assert len(first.words) + sum(len(s.words) for s, _ in stream) == 24 * (BLOCK // 5)


def test_stream_of_nothing_and_of_ssml(front_end):
    assert list(front_end.stream("")) == []
    assert list(front_end.stream([])) == []
    text = "  <speak>Hello. <p>World.</p></speak>"
    assert [s for s, _ in front_end.stream(list(text))] == front_end(text)[0]


def test_sentence_reads_per_token_factors_from_words():
    from tts_pipeline.text.protocol import PLAIN, Prosody

    words = tuple(Word(t, ("K", "AE1"), (0, 1), "lexicon", 1.0) for t in "ab")
    sentence = Sentence(
        words, ("|", "."), (0, 1), 0.0, prosody=(Prosody(2.0, 1.5, 0.5), PLAIN), pause_s=(0.5, 0.0)
    )
    assert sentence.token_rate == [1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    assert sentence.token_pitch[1:4] == [1.5] * 3
    assert sentence.token_energy[1:4] == [0.5] * 3
    assert sentence.token_pause_s == [0, 0, 0, 0.5, 0, 0, 0, 0]
    assert sentence.tokens[3] == ARPABET.tokens["|"]


def test_explain_shows_every_step(front_end):
    shown = explain("Dr. Bob read 😀 zorblatt.", front_end)
    for part in ("doctor bob read", "Dr.", "0-3", "homograph", "oov", "ˈ", "dropped", "😀"):
        assert part in shown


def test_text_path_needs_no_torch():
    code = (
        "import sys; from tts_pipeline.text.english.explain import explain; "
        "explain('Zorblatt <b>'); "
        "assert not {'torch', 'numba', 'librosa', 'torchaudio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_pause_inside_the_text(front_end):
    (sentence,), _ = front_end("Wait [pause:1.5s] for [pause: 250 ms] it.")
    assert [word.text for word in sentence.words] == ["wait", "for", "it"]
    assert sentence.pause_s == (1.5, 0.25, 0.0)
    first, second = front_end("One. [pause:2s] Two.")[0]
    assert (first.pause_after_s, second.pause_before_s) == (2.0, 0.0)
    with pytest.raises(TextError, match="at most"):
        front_end("Wait [pause:99s] here.")


def test_pauses_are_the_same_in_a_stream(front_end):
    text = "A short sentence stands here. [pause:2s] And another one. " * 60
    whole = [(s.pause_after_s, s.pause_s) for s in front_end(text)[0]]
    assert [(s.pause_after_s, s.pause_s) for s, _ in front_end.stream(text) if s] == whole


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"$E = mc^2$", "e equals m c squared"),
        (r"$x_i^2$", "x sub i squared"),
        (r"$\alpha \leq \frac{1}{2}$", "alpha is less than or equal to one half"),
        (r"$\sqrt[3]{x} \approx 1.5$", "cube root of x is approximately one point five"),
        (r"$10^{-3}$", "ten to the power of minus three"),
        (r"$\text{speed} = v$", "speed equals v"),
    ],
)
def test_formulas_in_words(front_end, formula, words):
    (sentence,), _ = front_end(f"See {formula} here.")
    assert " ".join(word.text for word in sentence.words[1:-1]) == words


def test_a_formula_begins_at_the_second_dollar_sign_too(front_end):
    """What stands between the first one and it is no formula; nor are brackets around it phones."""
    for text in ("Set $home and,$x^2$ is fine.", "See [[1--2 and $x^2$ is fine]] there."):
        (sentence,), _ = front_end(text)
        words = [word.text for word in sentence.words]
        assert "dollar" not in words[2:]
        assert words[words.index("x") :][:4] == ["x", "squared", "is", "fine"]


_FILLING = "This is one more sentence of the kind that fills a text. "
_LINE = "A line of rather more words than are read ahead of anything that may have ended "
FAR = {
    "closing tag": f"<note>Here it begins. {_FILLING * 30}</note> {_FILLING * 20}",
    "comment": (_FILLING * 3 + f"<!-- {_FILLING * 6}--> ") * 6,
    "value": (_FILLING * 3 + f'<a title="It is. {_FILLING * 8}">here</a> ') * 20,
    "line end": f"{_FILLING * 4}\n\n{_LINE} and {_LINE}\nNo. {_LINE * 2}or why. {_FILLING * 3}",
    "pause": 'He said "it ends right here." [pause:1.5s] ' * 30,
    "pause, bracket": "It ends right here.) [pause:1.5s] : " * 30,
    "pauses": "It ends right here. [pause:1.5s] - [pause:1s] " * 30,
    "no end": "on and on, [pause:1.5s] " * 500,
}


@pytest.mark.parametrize("name", FAR)
def test_a_stream_waits_for_what_decides(front_end, name):
    text = FAR[name]
    sentences, report = front_end(text)
    for pieces in (
        text,
        text.splitlines(keepends=True),
        [text[n : n + 7] for n in range(0, len(text), 7)],
    ):
        streamed = list(front_end.stream(pieces))
        assert [sentence for sentence, _ in streamed] == sentences
        assert tuple(d for _, dropped in streamed for d in dropped) == report.dropped


def test_pauses_between_sentences_add_up(front_end):
    (first, second), _ = front_end("One. [pause:1.5s] - [pause:1s] Two [pause:1s] three.")
    assert (first.pause_after_s, second.pause_before_s) == (2.5, 0.0)
    assert second.pause_s == (1.0, 0.0)


def test_a_stream_reads_beyond_its_blocks(front_end):
    """Rules look back over sentence ends: where a block begins must not be heard."""
    text = 'He wrote 8.5" and NEVER stopped. The "5" is here. IT IS THE END. WHO said so? ' * 40
    for size in (7, 100, 5000):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        streamed = [w for s, _ in front_end.stream(iter(pieces)) if s for w in s.words]
        assert streamed == [w for s in front_end(text)[0] for w in s.words]
