"""What each strategy does, in a few sentences for people who teach or learn this."""

from __future__ import annotations

import dataclasses

from tts_pipeline.evaluation.pages import diagrams


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Of a kind of model.

    Attributes:
        title: in the words of a lecture.
        idea: in about four sentences.
        picture: of what depends on what.
        source: where it comes from.
    """

    title: str
    idea: str
    picture: diagrams.Picture
    source: str = ""


UNKNOWN = Explanation("Another strategy", "", diagrams.no_diagram)

# By kind of model, in the order in which a lecture would tell them.
EXPLANATIONS: dict[str, Explanation] = {
    "autoregressive": Explanation(
        "One frame after another",
        "Each step writes two frames of the mel and sees all that was written before. What has "
        "been decided once is known to everything that follows, so that the parts fit together. "
        "But the steps wait for one another: fifty for each second of speech, however many "
        "processors there are. And a mistake made early is carried along.",
        diagrams.one_after_another,
        "Shen et al. 2018, arXiv 1712.05884; with durations 2020, arXiv 2010.04301",
    ),
    "one-shot": Explanation(
        "A length first, then all at once",
        "First a number: how many frames the sentence will have, the sum of how long its sounds "
        "are. Then every frame is written at the same time, from the text alone; nothing waits for "
        "anything. But where several answers are right, no frame knows which one its neighbour "
        "takes. Training for the least error draws all of them to the mean, which nobody ever "
        "said.",
        diagrams.all_at_once,
        "Ren et al. 2019 (FastSpeech), arXiv 1905.09263",
    ),
    "fixed-length": Explanation(
        "Always the same number, cut at END",
        "The canvas has 1,024 frames whatever the text is; each of them looks for the letters that "
        "it is to say, and for each there is a probability that the speech is over. What comes "
        "after the first END is thrown away. No lengths need be known beforehand. But the rest of "
        "the canvas was computed in vain, longer texts do not fit, and no frame tells another "
        "which letters it has taken already.",
        diagrams.fixed_canvas,
        "Gu et al. 2018, arXiv 1711.02281, without its fertilities",
    ),
    "latent": Explanation(
        "One draw for all, then all at once",
        "A few random numbers are drawn first, for the sentence and for each sound in it; then all "
        "frames are written at once from the text and from this draw. Every frame sees the same "
        "numbers, so all of them mean the same one of the right answers. In training the numbers "
        "come from the recording, in use from the text. A temperature says how far to stray.",
        diagrams.shared_latent,
        "Kingma and Welling 2013, arXiv 1312.6114; Kim et al. 2021 (VITS), arXiv 2106.06103",
    ),
    "flow": Explanation(
        "N times instead of once",
        "Noise for the whole sentence is moved towards speech in a few steps, each a single pass "
        "over all frames. A later step sees what the others have decided in the draft, so that "
        "positions can agree without waiting for one another in time. Training asks for the "
        "straight way from noise to recording. The number of steps is chosen when it speaks.",
        diagrams.step_by_step,
        "Lipman et al. 2022, arXiv 2210.02747; Mehta et al. 2023 (Matcha-TTS), arXiv 2309.03199",
    ),
    "flow-refiner": Explanation(
        "The big decisions one after another, the detail all at once",
        "The autoregressive model writes its mel first. A flow then writes all frames anew, in a "
        "few steps from noise, with that mel in view. What must fit together was decided in "
        "sequence, what must be sharp is made in parallel. Where the first mel does not tell, the "
        "flow draws.",
        lambda: diagrams.step_by_step("flow-refiner", first="AR mel"),
        "as above, conditioned on the first stage's mel",
    ),
    "flow-head": Explanation(
        "One frame after another, each of them drawn",
        "The autoregressive steps again, but no step writes the mean of all that may come: a small "
        "net brings noise to the two frames of the step, told what the recurrent layers know. So "
        "it settles on one of the right answers, and the next step is told which. It pays with "
        "the net's passes in every step, one waiting for the other.",
        lambda: diagrams.one_after_another("flow-head", drawn=True),
        "Li et al. 2024, arXiv 2406.11838; paths as in flow",
    ),
    "pyramid": Explanation(
        "From coarse to fine",
        "A mel at a quarter of the time and of the bands is written first, all at once. Then one "
        "at a half, told by it, then the whole, told by that. Three passes, each parallel. The "
        "coarse picture settles what the fine ones must agree on.",
        diagrams.coarse_to_fine,
        "Karras et al. 2017, arXiv 1710.10196; Saharia et al. 2022, arXiv 2205.11487",
    ),
    "coded": Explanation(
        "Speech made short, then one after another",
        "An auto-encoder turns speech into few codes a second that need mean nothing to people: "
        "only its decoder must understand them. An autoregressive model writes the codes, drawing "
        "each from what it finds likely after those before it. The decoder turns all of them into "
        "a mel at once. The way is sequential still, but shorter.",
        lambda: diagrams.one_after_another("coded", "codes", decoded=True),
        "van den Oord et al. 2017, arXiv 1711.00937; Mentzer et al. 2023, arXiv 2309.15505",
    ),
    "masked": Explanation(
        "Mask the bad places and make them again",
        "All codes are drawn at once, each with a number that says how sure it is. The surest "
        "stay, the others are masked and drawn again with those in view, until none is left. "
        "Every round is parallel, and a few suffice. With one round only it is the way that cannot "
        "agree with itself: move the slider to hear it.",
        diagrams.masked_rounds,
        "Chang et al. 2022 (MaskGIT), arXiv 2202.04200; Borsos et al. 2023, arXiv 2305.09636",
    ),
    "wavenet": Explanation(
        "The same question for samples",
        "From mel to sound the question comes back, with 16,000 numbers a second instead of a "
        "hundred. WaveNet writes each sample from all before it, and is the slowest of all. The "
        "other vocoder here makes all samples at once, from pulses and noise filtered as the mel "
        "says. Where the mel is fixed, little is left to agree on, so it loses little by that.",
        lambda: diagrams.one_after_another("wavenet", "samples"),
        "van den Oord et al. 2016, arXiv 1609.03499",
    ),
    "griffin-lim": Explanation(
        "Nothing learned",
        "Phases are guessed over and over until the spectrum is nearly the one that was asked for. "
        "It needs no training, and its mel may come from anywhere. Phases that do not fit sound "
        "metallic. It shows what the learned vocoders are for.",
        diagrams.parallel_samples,
        "Griffin and Lim 1984",
    ),
}

INTRODUCTION = (
    "<p>Speech is long: a hundred frames for each second, each of them a choice. They can be "
    "written one after another, so that each knows all that was decided before: what comes out "
    "holds together, and takes time. They can be written all at once, which is fast; but then no "
    "place knows what the others choose. Everything else on this page is a mixture of the two.</p>"
)
FAULT = """\
<h2 id="fault">Why all at once is hard</h2>
<p>A question has two right answers of two characters each, 演員 (yǎn yuán, actor) and 老師 (lǎo
shī, teacher). Somebody who writes the first character and then the second gives one of the two.
If both places are filled at the same time, each for itself, the first is 演 or 老 and the second
員 or 師: half of the answers are 老員 (lǎo yuán) and 演師 (yǎn shī), which nobody ever said. A
model of speech is in that position wherever a word can be said in more than one way. If it must
give one number it takes the mean of them all: blur. (<code>recipes/strategies/two_answers.py</code>
trains small models on this question in seconds and counts their answers.)</p>
<svg class="diagram" viewBox="0 0 330 112" role="img"
aria-label="Two right answers, and the two wrong ones of places that are filled alone">
<rect class="b-k" x="20" y="8" width="60" height="40" rx="4"/>
<rect class="b-k" x="20" y="64" width="60" height="40" rx="4"/>
<rect class="b-k" x="210" y="8" width="60" height="40" rx="4"/>
<rect class="b-k" x="210" y="64" width="60" height="40" rx="4"/>
<text class="big" x="50" y="30" text-anchor="middle">演</text>
<text x="50" y="44" text-anchor="middle">yǎn</text>
<text class="big" x="50" y="86" text-anchor="middle">老</text>
<text x="50" y="100" text-anchor="middle">lǎo</text>
<text class="big" x="240" y="30" text-anchor="middle">員</text>
<text x="240" y="44" text-anchor="middle">yuán</text>
<text class="big" x="240" y="86" text-anchor="middle">師</text>
<text x="240" y="100" text-anchor="middle">shī</text>
<line class="right" x1="82" y1="28" x2="208" y2="28"/>
<line class="right" x1="82" y1="84" x2="208" y2="84"/>
<line class="wrong" x1="82" y1="32" x2="208" y2="80"/>
<line class="wrong" x1="82" y1="80" x2="208" y2="32"/>
</svg>
"""
