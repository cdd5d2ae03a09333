"""Exceptions of the package: one parent, so that a caller can catch everything with one name."""


class TTSPipelineError(Exception):
    """Parent of every error that this package raises for bad input or damaged files."""


class TextError(TTSPipelineError):
    """Text that cannot be spoken, or malformed mark-up."""


class VoiceError(TTSPipelineError):
    """A voice folder that is missing, damaged, foreign or of another schema."""


class AudioError(TTSPipelineError):
    """A waveform or audio file that is empty, corrupt, silent, non-finite or of a wrong shape."""


class CorpusError(TTSPipelineError):
    """A corpus whose rows or files are missing, duplicated or unusable."""


class ConfigError(TTSPipelineError):
    """A configuration with an unknown, missing or mistyped key."""


class StorageError(TTSPipelineError):
    """A file that cannot be written: the disk is full, or the folder is missing or protected."""


class TrainingError(TTSPipelineError):
    """A training that has diverged: a loss or a validation figure is not finite."""
