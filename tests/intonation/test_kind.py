"""Kinds of sentences and tunes of phrases, as a person would say them."""

from __future__ import annotations

import pytest

from tts_pipeline.commands.pronounce import main as pronounce
from tts_pipeline.intonation.explain import explain_tunes
from tts_pipeline.intonation.kind import Kind, Reading, Tune, read
from tts_pipeline.text.english.frontend import EnglishFrontEnd

RISE, FALL, ON, ITEM = Tune.RISE, Tune.FALL, Tune.CONTINUATION, Tune.ITEM
SENTENCES = {
    Kind.YES_NO: """
        Did you see her?|Can't you hear me?|Is it raining?|So are you coming?|You saw her?|Tomorrow?
        You saw her, didn't you?|It's cold, isn't it?|Nice day, right?|You went where?|And you?
        When you came, did he leave?|Are you coming, Tom?|Do you have one or two?|Really?
        Do you want a drink or something?|Do you know what time it is?|Will you tell me who came?
        Did you call him or write to him yesterday?|Sir, may I come in?|Ain't it so?
    """,
    Kind.WH: """
        Where is it?|And where did he go?|At what time does it start?|How many people came?
        Excuse me, where is the station?|Who's there?|What?|In which year was he born?
        When you're ready, what shall we do?|Whose coat is this?|How much is it?|Why?
    """,
    Kind.ALTERNATIVE: """
        Tea or coffee?|Do you want tea or coffee?|Which do you prefer, tea or coffee?
        By train, by bus, or on foot?|Is it red, white, or blue?|Did he walk or drive?
    """,
    Kind.EXCLAMATION: "Stop it!|What a day!|Well, I never!|Is it!",
    Kind.STATEMENT: "I know who came.|Why he came, nobody knows.|Do it.|He asked where it was.",
}


@pytest.fixture(scope="module")
def front_end() -> EnglishFrontEnd:
    return EnglishFrontEnd()


def reading(front_end: EnglishFrontEnd, text: str) -> Reading:
    sentences, _ = front_end(text)
    assert len(sentences) == 1
    return read(sentences[0])


@pytest.mark.parametrize("kind", SENTENCES)
def test_kinds_of_sentences(front_end, kind):
    texts = [text.strip() for line in SENTENCES[kind].split("\n") for text in line.split("|")]
    found = {text: reading(front_end, text).kind for text in texts if text}
    assert found == dict.fromkeys(found, kind)
    assert len(found) >= 4


@pytest.mark.parametrize(
    ("text", "tunes"),
    [
        ("She left.", [None]),
        ("Did you see her?", [RISE]),
        ("Where is it?", [FALL]),
        ("Why?", [None]),
        ("You saw her, didn't you?", [ON, RISE]),
        ("Tea or coffee?", [RISE, FALL]),
        ("By train, by bus, or on foot?", [ON, RISE, FALL]),
        ("We bought apples, pears, and plums.", [ITEM, ITEM, FALL]),
        ("We bought apples, pears and plums.", [ITEM, FALL]),
        ("When he came, Tom and Mary left.", [ON, None]),
        ("He came, and he left.", [ON, None]),
        ("Yes, I did.", [None, None]),
        ('"I know," said Tom.', [None, None]),
        ("Stop it!", [None]),
    ],
)
def test_tunes_of_phrases(front_end, text, tunes):
    assert [phrase.tune for phrase in reading(front_end, text).phrases] == tunes


@pytest.mark.parametrize(
    ("text", "accent"),
    [
        ("Did you see her?", "see"),
        ("You went home?", "home"),
        ("Where are you looking at?", "looking"),
        ("Are you in the garden?", "garden"),
        ("You saw her, didn't you?", "didn't"),
        ("Can she sit down?", "down"),
        ("Is it?", "is"),
        ("Was it you?", "was"),
    ],
)
def test_the_last_accent_is_on_a_word_that_means_something(front_end, text, accent):
    (sentence,), _ = front_end(text)
    assert sentence.words[read(sentence).phrases[-1].accent].text == accent


def test_phrases_together_are_the_sentence(front_end):
    for text in ("Well, do you, after all, want red, white, or blue?", "Go.", "A or B?"):
        (sentence,), _ = front_end(text)
        edges = [(phrase.begin, phrase.end) for phrase in read(sentence).phrases]
        assert [edge for pair in edges for edge in pair][1:-1:2] == [
            begin for begin, _ in edges[1:]
        ]
        assert edges[0][0] == 0
        assert edges[-1][1] == len(sentence.words)


def test_a_piece_of_a_sentence_that_was_too_long_goes_on(front_end):
    sentences, _ = front_end(" ".join(["wonderful"] * 60) + "?")
    assert len(sentences) > 1
    assert [read(each).phrases[-1].tune for each in sentences] == [
        *[ON] * (len(sentences) - 1),
        RISE,
    ]


def test_what_was_decided_is_explained(front_end, capsys):
    sentences, _ = front_end("You saw her, didn't you? Go on. Stop!")
    assert explain_tunes(sentences).splitlines() == [
        "sentence 1: yes/no question: continues from 'saw' to 'her' (H* L-H%); "
        "rises from \"didn't\" to 'you' (L* H-H%)",
        "sentence 2: statement: as the model says it",
        "sentence 3: exclamation: wider and louder",
    ]
    assert pronounce(["--why", "Tea?"]) == 0
    assert "rises on 'tea' (L* H-H%)" in capsys.readouterr().out
