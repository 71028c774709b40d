"""Parameters of the features, which are stored with each network and are part of the key of the cache."""

from dataclasses import dataclass, fields

from emotion_lib.audio import HIGHEST_RATE
from emotion_lib.errors import LARGEST, ParameterError, is_number

_MOST = {"sr": HIGHEST_RATE, "n_fft": 2**16, "hop_length": 2**31, "n_mels": 2**10, "n_mfcc": 2**10}
"""Limits on the whole numbers. Weights of `n_fft` / 2 by `n_mels` are the largest array that depends on them alone."""

_OPTIONAL = ("sr", "duration", "top_db", "trim_db")


@dataclass(frozen=True)
class FeatureSettings:
    """Parameters of the features of a recording; equal settings give equal features.

    The defaults are those of librosa, which the original system used implicitly.

    Parameters
    ----------
    sr : int > 0 or None
        Sampling rate in Hz to which a recording is resampled; None keeps that of the file.
    offset : float >= 0
        Seconds to skip at the start of a recording.
    duration : float > 0 or None
        Seconds to keep after `offset`; None keeps everything.
    n_fft : int > 0
        Length of a frame in samples.
    hop_length : int > 0
        Samples from one frame to the next.
    n_mels : int > 0
        Number of bands of the mel spectrogram.
    n_mfcc : int > 0, at most `n_mels`
        Number of cepstral coefficients to keep.
    top_db : float > 0 or None
        Dynamic range in dB: bands that are further below the loudest band of the utterance are raised to this limit.
        None keeps everything down to -100 dB.
    trim_db : float > 0 or None
        Frames at the start and the end of an utterance are cut off if they are this many dB quieter than its
        loudest frame. None cuts nothing.
    trim_speech : bool
        Whether to cut off the ends of a recording in which nobody speaks, with `audio.speech.trim`.

    Raises
    ------
    ParameterError
        If a value is outside its range.

    Examples
    --------
    >>> FeatureSettings(hop_length=256).hop_length
    256
    >>> FeatureSettings(hop_length=0)
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: hop_length=0: must be a positive whole number, at most 2147483648

    Notebook: 02_features
    """

    sr: int | None = 22050
    offset: float = 0.0
    duration: float | None = None
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    n_mfcc: int = 40
    top_db: float | None = 80.0
    trim_db: float | None = None
    trim_speech: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name == "trim_speech":
                if not isinstance(value, bool):
                    raise ParameterError(f"{name}={value!r}: must be True or False")
            elif value is None and name in _OPTIONAL:
                continue
            elif name == "offset":
                if not (is_number(value) and value >= 0):
                    raise ParameterError(f"offset={value!r}: must be a number of seconds, 0 or more")
            elif not (is_number(value, whole=name in _MOST) and 0 < value <= _MOST.get(name, LARGEST)):
                kind = f"whole number, at most {_MOST[name]}" if name in _MOST else "number"
                raise ParameterError(f"{name}={value!r}: must be a positive {kind}")
        if self.n_mfcc > self.n_mels:
            raise ParameterError(f"n_mfcc={self.n_mfcc}: must be at most n_mels={self.n_mels}")


DEFAULT = FeatureSettings()
ORIGINAL = FeatureSettings(offset=0.5, duration=3.0)
"""Settings of the original system: 22 050 Hz; skip the first half second and take the next three seconds."""
