"""The errors of the library: one root, so that one `except` catches whatever it raises on purpose."""


class EmotionLibError(Exception):
    """Whatever the library raises on purpose."""


class ParameterError(EmotionLibError, ValueError):
    """An argument has a value that the function cannot work with."""


class AudioError(EmotionLibError):
    """A recording cannot be used; the message names the file and the cure."""


class CorpusError(EmotionLibError):
    """A corpus cannot be found, read or fetched; the message names the folder and the cure."""


class ModelFileError(EmotionLibError):
    """A saved network cannot be loaded; the message names the file and the cure."""


class CorpusWarning(UserWarning):
    """A corpus was loaded, but not as its makers published it."""
