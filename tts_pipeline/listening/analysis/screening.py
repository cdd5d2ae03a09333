"""Which listeners count, and why the others do not."""

from __future__ import annotations

from tts_pipeline.listening.analysis.results import Participant
from tts_pipeline.listening.trials import Key

# Woods et al. 2017: five of six, which guessing reaches in 1.8 % of cases.
TONES_NEEDED = 5
# BS.1534-3 section 4.1.2.
REFERENCE_SCORE = 90
ANCHOR_SCORE = 90
TOLERATED_SHARE = 0.15


def reasons_against(
    participant: Participant, key: Key, *, screening: bool = True, unfinished: bool = False
) -> list[str]:
    """Why a listener is left out; empty for one who counts.

    - Not finished, unless ``unfinished`` lets such listeners count.
    - Headphone check (if the test requires it): fewer than five of six right.
    - An attention check missed.
    - MUSHRA, by ITU-R BS.1534-3 section 4.1.2: the hidden reference below 90, or the mid-range
      anchor above 90, in more than 15 % of the trials.

    Args:
        participant: the listener.
        key: of the test.
        screening: False lets those count who fail any check but completeness.
        unfinished: see above.
    """
    reasons = []
    if not participant.finished and not unfinished:
        reasons.append("did not finish")
    if not (participant.judgements or participant.choices):
        reasons.append("answered no trial that counts")
    if not screening:
        return reasons
    right, asked = participant.tones
    if key.headphones == "require" and (participant.finished or asked) and right < TONES_NEEDED:
        reasons.append(f"headphone check: {right} of {asked} right, needs {TONES_NEEDED}")
    right, asked = participant.checks
    if right < asked:
        reasons.append(f"attention checks: {right} of {asked} right")
    if key.design == "mushra":
        reference = [j.value for j in participant.judgements if j.condition == key.reference]
        low = [value < REFERENCE_SCORE for value in reference]
        if low and sum(low) > TOLERATED_SHARE * len(low):
            reasons.append(
                f"hidden reference below {REFERENCE_SCORE} in {sum(low)} of {len(low)} trials"
            )
        anchor = [j.value for j in participant.judgements if j.condition == key.mid_anchor]
        high = [value > ANCHOR_SCORE for value in anchor]
        if high and sum(high) > TOLERATED_SHARE * len(high):
            reasons.append(
                f"mid-range anchor above {ANCHOR_SCORE} in {sum(high)} of {len(high)} trials"
            )
    return reasons
