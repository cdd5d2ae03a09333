"""Duration against that of the recording."""

from __future__ import annotations

from tts_pipeline.evaluation.metrics.registry import RECORDING, Case, Row, metric


@metric(
    "duration_ratio",
    "duration ratio",
    unit="",
    better="one",
    needs=[RECORDING],
    about="duration by that of the recording",
)
def duration_ratio(case: Case) -> Row:
    """Seconds of both; over utterances the sum of the one by the sum of the other."""
    return case.generated.duration_s, case.recording.duration_s
