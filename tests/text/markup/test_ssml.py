"""The SSML subset."""

from __future__ import annotations

import pytest

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.explain import explain
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.markup.ssml import is_ssml
from tts_pipeline.text.protocol import PLAIN


@pytest.fixture(scope="module")
def front_end():
    return EnglishFrontEnd()


@pytest.fixture(scope="module")
def speak(front_end):
    return lambda inside: front_end(f"<speak>{inside}</speak>")[0]


def words_of(sentences):
    return [word.text for sentence in sentences for word in sentence.words]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<speak>a</speak>", True),
        (' \n<?xml version="1.0"?><speak version="1.1">a</speak>', True),
        ("<speak/>", True),
        ("<!DOCTYPE speak><speak/>", True),
        ("<speaker>a</speaker>", False),
        ("say <speak>", False),
        ("", False),
    ],
)
def test_recognised_by_its_first_element(text, answer):
    assert is_ssml(text) is answer


def test_paragraphs_and_sentences(speak):
    sentences = speak("Zero<p><s>one</s><s>two</s></p><p>three</p>four")
    assert [words_of([s]) for s in sentences] == [["zero"], ["one"], ["two"], ["three"], ["four"]]
    assert [s.pause_after_s for s in sentences] == [0.7, 0.3, 0.7, 0.7, 0.3]


@pytest.mark.parametrize(
    ("attributes", "seconds", "gap"),
    [
        ("", 0.4, "<long>"),
        ('time="250ms"', 0.25, "<short>"),
        ('time="1.5s"', 1.5, "<long>"),
        ('strength="weak"', 0.2, "<short>"),
        ('strength="x-strong"', 1.2, "<long>"),
        ('strength="none"', 0.0, "|"),
        ('time="1s" strength="none"', 1.0, "<long>"),
    ],
)
def test_break_between_words(speak, attributes, seconds, gap):
    (sentence,) = speak(f"one<break {attributes}/>two")
    assert words_of([sentence]) == ["one", "two"]
    assert sentence.pause_s == (seconds, 0.0)
    assert sentence.gaps == (gap, ".")
    assert sum(sentence.token_pause_s) == seconds


def test_break_after_a_mark_after_a_sentence_and_before_all(speak):
    first, second = speak('<break time="2s"/>one, <break time="1s"/>two. <break time="3s"/>three')
    assert first.gaps == (",", ".")
    assert first.pause_s == (1.0, 0.0)
    assert first.pause_before_s == 2.0
    assert first.pause_after_s == 3.0
    assert words_of([second]) == ["three"]


def test_breaks_between_paragraphs_are_kept(speak):
    first, second = speak('<p>one</p><break time="2s"/><p>two</p><break time="4s"/>')
    assert (first.pause_after_s, second.pause_before_s, second.pause_after_s) == (2.0, 0.0, 4.0)


@pytest.mark.parametrize(
    "text",
    [
        '<p>one.<break time="500ms"/></p><p><break time="300ms"/>two</p>',
        '<p>one.<break time="500ms"/></p><break time="300ms"/><p>two</p>',
        '<s>one<break time="500ms"/></s><s><break time="300ms"/>two</s>',
        '<p>one.<break time="500ms"/></p><p>...</p><p><break time="300ms"/>two</p>',
    ],
)
def test_breaks_at_the_end_of_one_and_the_begin_of_the_next_add_up(speak, text):
    first, second = speak(text)
    assert first.pause_after_s == pytest.approx(0.8)
    assert second.pause_before_s == 0.0
    assert sum(first.pause_s) == 0.0


def test_sub_and_its_span(front_end):
    text = '<speak>The <sub alias="World Wide Web">WWW</sub> grows.</speak>'
    sentences, _ = front_end(text)
    assert words_of(sentences) == ["the", "world", "wide", "web", "grows"]
    assert text[slice(*sentences[0].words[2].span)] == '<sub alias="World Wide Web">WWW</sub>'
    assert text[slice(*sentences[0].words[4].span)] == "grows"


@pytest.mark.parametrize(
    "attributes",
    ['ph="təˈmɑːtoʊ"', 'alphabet="ipa" ph="təˈmɑtoʊ"', 'alphabet="x-arpabet" ph="T AH M AA1 T OW"'],
)
def test_phoneme(speak, attributes):
    (sentence,) = speak(f"A <phoneme {attributes}>tomato</phoneme>'s skin.")
    word = sentence.words[1]
    assert (word.text, word.source) == ("tomato's", "inline")
    assert word.phones == ("T", "AH0", "M", "AA1", "T", "OW0", "Z")


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("cardinal", "1999", "one thousand nine hundred ninety nine"),
        ("cardinal", "-12", "minus twelve"),
        ("cardinal", "3.05", "three point zero five"),
        ("cardinal", "XIV", "fourteen"),
        ("ordinal", "21", "twenty first"),
        ("ordinal", "3rd", "third"),
        ("characters", "aB1-", "a b one dash"),
        ("telephone", "+1 (555) 010", "plus one five five five zero one zero"),
        ("currency", "$5.20", "five dollars and twenty cents"),
        ("time", "5:30pm", "five thirty p m"),
        ("date", "March 3, 1999", "march third nineteen ninety nine"),
    ],
)
def test_say_as(speak, kind, text, words):
    sentences = speak(f'<say-as interpret-as="{kind}">{text}</say-as>')
    assert " ".join(words_of(sentences)) == words


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("mdy", "3/4/2001", "march fourth two thousand one"),
        ("dmy", "3.4.2001", "april third two thousand one"),
        ("ymd", "1999-12-31", "december thirty first nineteen ninety nine"),
        ("md", "2/29", "february twenty ninth"),
        ("y", "1984", "nineteen eighty four"),
    ],
)
def test_say_as_date_orders(speak, form, text, words):
    sentences = speak(f'<say-as interpret-as="date" format="{form}">{text}</say-as>')
    assert " ".join(words_of(sentences)) == words


def test_prosody_multiplies_and_ends(speak):
    (sentence,) = speak(
        'a <prosody rate="50%" pitch="+10%" volume="+6dB">b '
        '<prosody rate="200%" pitch="-50%">c</prosody> d</prosody> e'
    )
    styles = sentence.prosody
    assert styles[0] == styles[4] == PLAIN
    assert (styles[1].rate, styles[1].pitch) == (0.5, 1.1)
    assert styles[1].energy == pytest.approx(10 ** (6 / 20))
    assert (styles[2].rate, styles[2].pitch) == (1.0, pytest.approx(0.55))
    assert styles[3] == styles[1]


@pytest.mark.parametrize(
    ("attribute", "factor"),
    [
        ('rate="slow"', 0.75),
        ('rate="120%"', 1.2),
        ('rate="-20%"', 0.8),
        ('rate="1.5"', 1.5),
        ('pitch="+12st"', 2.0),
        ('pitch="high"', 1.15),
        ('volume="soft"', 0.65),
        ('volume="50"', 0.5),
        ('volume="silent"', 0.0),
    ],
)
def test_prosody_values(speak, attribute, factor):
    name = attribute.partition("=")[0]
    (sentence,) = speak(f"<prosody {attribute}>word</prosody>")
    style = sentence.prosody[0]
    value = {"rate": style.rate, "pitch": style.pitch, "volume": style.energy}[name]
    assert value == pytest.approx(factor)


def test_emphasis_speaks_louder_and_in_full(speak):
    (sentence,) = speak('not <emphasis level="strong">the</emphasis> one')
    assert sentence.words[1].phones == ("DH", "IY1")
    assert sentence.prosody[1].energy > 1
    assert sentence.prosody[0] == PLAIN


def test_marks_have_a_word_index(speak):
    first, second = speak('<mark name="a"/>one <mark name="b"/>two. three<mark name="c"/>')
    assert first.marks == (("a", 0), ("b", 1))
    assert second.marks == (("c", 1),)


def test_entities_accents_and_spans(front_end):
    text = '<speak>Ünal &amp; Søn: caf&#233; <s xml:lang="en-US">crème</s>\r\nend &lt;b&gt;</speak>'
    sentences, report = front_end(text)
    spans = {word.text: text[slice(*word.span)] for s in sentences for word in s.words}
    assert spans["unal"] == "Ünal"
    assert spans["creme"] == "crème"
    assert spans["end"] == "end"
    assert "cafe" in spans
    assert report.n_sentences == len(sentences)


def test_inline_phones_inside(speak):
    (sentence,) = speak("a [[K AE1 T]] sat")
    assert sentence.words[1].phones == ("K", "AE1", "T")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<speak>a\n <foo/></speak>", "line 2, column 2: unknown tag <foo>"),
        ("<speak>a <b>c</b></speak>", "line 1, column 10: unknown tag <b>"),
        ("<speak>a", "line 1"),
        ("<speak>a</p></speak>", "line 1"),
        ("<speak>a & b</speak>", "line 1"),
        ("<speak>&nbsp;</speak>", "line 1"),
        ("<speak>a\x00b</speak>", "line 1"),
        ("<speak><speak>a</speak></speak>", "out of place"),
        ("<speak><break time='1'/></speak>", "unknown time '1'"),
        ("<speak><break time='11s'/></speak>", "at most 10 s"),
        ("<speak><break strength='big'/></speak>", "unknown strength"),
        ("<speak><break>a</break></speak>", "holds text"),
        ("<speak><break length='1s'/></speak>", "unknown attribute 'length'"),
        ("<speak><sub>a</sub></speak>", "needs the attribute 'alias'"),
        ("<speak><sub alias='b'><s>a</s></sub></speak>", "inside <sub>"),
        ("<speak><phoneme ph='5'>a</phoneme></speak>", "unknown IPA symbol"),
        ("<speak><phoneme alphabet='sampa' ph='a'>a</phoneme></speak>", "unknown alphabet"),
        ("<speak><say-as interpret-as='bits'>a</say-as></speak>", "unknown interpret-as"),
        ("<speak><say-as interpret-as='cardinal'>abc</say-as></speak>", "cannot read 'abc'"),
        ("<speak><say-as interpret-as='date' format='mdy'>1/2</say-as></speak>", "cannot read"),
        ("<speak><say-as interpret-as='date' format='mdy'>13/1/2000</say-as></speak>", "month"),
        ("<speak><prosody rate='9'>a</prosody></speak>", "rate 9"),
        ("<speak><prosody pitch='200Hz'>a</prosody></speak>", "unknown pitch"),
        ("<speak><prosody range='high'>a</prosody></speak>", "unknown attribute 'range'"),
        ("<speak><prosody>a</prosody></speak>", "needs rate, pitch, volume or style"),
        ("<speak><emphasis level='big'>a</emphasis></speak>", "unknown level"),
        ("<speak><mark/></speak>", "needs the attribute 'name'"),
        ("<speak xml:lang='de'>a</speak>", "language 'de'"),
        ("<speak>[[HH AX]]</speak>", "unknown phone 'AX'"),
        ("<!DOCTYPE speak><speak>a</speak>", "DOCTYPE"),
    ],
)
def test_errors_say_what_and_where(front_end, text, message):
    with pytest.raises(TextError) as caught:
        front_end(text)
    assert message in str(caught.value)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE speak [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi"))
    + "]><speak>&i;</speak>"
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>a</speak>',
        '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]><speak>&x;</speak>',
        '<!DOCTYPE speak [<!ENTITY % p SYSTEM "http://localhost/x">%p;]><speak>a</speak>',
    ],
)
def test_entity_bombs_and_foreign_files_are_refused(front_end, text):
    with pytest.raises(TextError, match="DOCTYPE and entity declarations are refused"):
        front_end(text)


def test_deep_nesting_is_read_or_refused_in_time(front_end):
    depth = 20_000
    text = "<speak>" + "<emphasis level='none'>" * depth + "deep" + "</emphasis>" * depth
    assert words_of(front_end(text + "</speak>")[0]) == ["deep"]
    with pytest.raises(TextError, match="line 1"):
        front_end(text)


def test_many_breaks_and_marks(front_end):
    text = "".join(f'<mark name="{n}"/>word <break time="10ms"/>' for n in range(5000))
    sentences, _ = front_end(f"<speak>{text}</speak>")
    assert sum(len(s.words) for s in sentences) == 5000
    assert sum(len(s.marks) for s in sentences) == 5000


def test_explain_shows_prosody_pauses_and_marks(front_end):
    shown = explain(
        '<speak><mark name="here"/>one <break time="1s"/>'
        '<prosody rate="slow">two</prosody></speak>',
        front_end,
    )
    for part in ("<mark here>", "pause 1 s", "rate 0.75"):
        assert part in shown


def test_styles_of_nested_elements_are_joined_and_left_to_who_speaks(front_end):
    inner = "<prosody style='low' rate='0.5'>b</prosody>"
    (sentence,), _ = front_end(f"<speak>a <prosody style=' very sad '>a {inner}</prosody></speak>")
    assert sentence.styles == ("", "very sad", "very sad, low")
    assert [p.rate for p in sentence.prosody] == [1, 1, 0.5]
    words = [-1, *(k for k, word in enumerate(sentence.words) for _ in (*word.phones, "gap")), -1]
    assert sentence.token_owners == words


def test_say_as_digits(front_end):
    (sentence,), _ = front_end('<speak><say-as interpret-as="digits">40 72</say-as></speak>')
    assert [word.text for word in sentence.words] == ["four", "zero", "seven", "two"]
    with pytest.raises(TextError, match="column"):
        front_end('<speak><say-as interpret-as="digits">4x</say-as></speak>')
