"""Shows how a text is read: every step from the written word to its phones."""

from __future__ import annotations

from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.phones import to_ipa


def explain(text: str, front_end: EnglishFrontEnd | None = None) -> str:
    """Return a table of what the front end makes of a text.

    Args:
        text: plain text or SSML.
        front_end: front end to ask instead of a fresh one.

    Raises:
        TextError: for malformed SSML or inline phones.
    """
    sentences, report = (front_end or EnglishFrontEnd())(text)
    lines = [f"normalised: {report.normalised}"]
    for number, sentence in enumerate(sentences, 1):
        first, last = sentence.span
        lines += [
            "",
            f"sentence {number}: characters {first} to {last}, "
            f"{len(sentence.tokens)} tokens, then {sentence.pause_after_s:g} s",
        ]
        rows = [("word", "written", "from", "source", "sure", "phones", "ipa")]
        marks = {index: name for name, index in sentence.marks}
        for index, (word, gap) in enumerate(zip(sentence.words, sentence.gaps)):
            written = text[word.span[0] : word.span[1]]
            if index in marks:
                rows.append((f"<mark {marks[index]}>", "", "", "", "", "", ""))
            rows.append(
                (
                    word.text,
                    repr(written)[1:-1][:30],
                    f"{word.span[0]}-{word.span[1]}",
                    word.source,
                    f"{word.confidence:.2f}",
                    " ".join(word.phones),
                    f"/{to_ipa(word.phones)}/" + ("" if gap == "|" else f" {gap}"),
                )
            )
            if sentence.prosody and sentence.prosody[index] != type(sentence.prosody[index])():
                style = sentence.prosody[index]
                rows.append(
                    ("", "", "", "", "",
                     f"rate {style.rate:.3g}, pitch {style.pitch:.3g}, "
                     f"energy {style.energy:.3g}"
                     + (f", style {style.style!r}" if style.style else ""), "")
                )  # fmt: skip
            if sentence.pause_s and sentence.pause_s[index]:
                rows.append(("", "", "", "", "", f"pause {sentence.pause_s[index]:g} s", ""))
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        lines += [
            "  "
            + "  ".join([cell.ljust(width) for cell, width in zip(row, widths)] + [row[6]]).rstrip()
            for row in rows
        ]
    for record in report.dropped:
        what = repr(record.text) if record.text else "nothing left out"
        lines.append(f"dropped: {what} at {record.span[0]}-{record.span[1]}: {record.reason}")
    if not sentences:
        lines.append("nothing to say")
    return "\n".join(lines)
