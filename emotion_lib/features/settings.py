"""How features are made: settings that are compared, kept with a network, and the key of the cache."""

from dataclasses import dataclass, fields

from emotion_lib.errors import ParameterError


@dataclass(frozen=True)
class FeatureSettings:
    """Say how features are made from a recording; equal settings give equal features.

    The defaults are librosa's, which the original system used without naming them.

    Parameters
    ----------
    sr : int > 0 or None
        Rate in Hz to which a recording is resampled; None keeps the file's own.
    offset : float >= 0
        Seconds cut off the start of a recording.
    duration : float > 0 or None
        Seconds kept after `offset`; None keeps all.
    n_fft : int > 0
        Samples in the window of a frame.
    hop_length : int > 0
        Samples from one frame to the next.
    n_mels : int > 0
        Bands of the mel spectrogram.
    n_mfcc : int > 0, at most `n_mels`
        Cepstral coefficients kept.
    top_db : float > 0 or None
        What lies further below the loudest band of the utterance is raised to this many dB below it;
        None keeps everything down to -100 dB.
    trim_db : float > 0 or None
        Frames at both ends of the utterance that are this many dB quieter than its loudest frame are cut off;
        None cuts nothing.

    Raises
    ------
    ParameterError
        If a value is out of its range.

    Examples
    --------
    >>> FeatureSettings(hop_length=256).hop_length
    256
    >>> FeatureSettings(hop_length=0)
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: hop_length=0: must be a positive number

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

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "offset":
                if value < 0:
                    raise ParameterError(f"offset={value}: must be zero or more seconds")
            elif value is not None and not value > 0:
                raise ParameterError(f"{field.name}={value}: must be a positive number")
        if self.n_mfcc > self.n_mels:
            raise ParameterError(f"n_mfcc={self.n_mfcc}: must be at most n_mels={self.n_mels}")


DEFAULT = FeatureSettings()
ORIGINAL = FeatureSettings(offset=0.5, duration=3.0)
"""Settings of the original system: 22 050 Hz, and the first half second thrown away."""
