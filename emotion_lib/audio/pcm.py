"""WAV files of 16 bits, which most recordings are, read as soundfile reads them but in one piece.

Through soundfile, a file object is asked for 4 kB after 4 kB, and threads wait for each other every time.
"""

import struct

import numpy as np

from emotion_lib.audio.headers import SafeFile

_MOST_CHANNELS = 32
_HEAD = struct.Struct("<4s4x4s4sIHHIIHH")
_FULL_SCALE = np.float32(2**15)


class PcmSound:
    """The samples of such a file, one block after the other.

    Parameters
    ----------
    file : SafeFile
        A WAV file whose head `of_file` knows.
    n_channels, rate, n_bytes, start : int > 0
        What its head says: how many bytes of samples there are, and where they start.
    """

    format = "WAV"
    format_info = "WAV (Microsoft)"
    subtype = "PCM_16"

    def __init__(self, file: SafeFile, n_channels: int, rate: int, n_bytes: int, start: int) -> None:
        self._file = file
        self._start = start
        self.frames = n_bytes // (2 * n_channels)
        self.channels = n_channels
        self.samplerate = rate
        self.seek(0)

    def seek(self, first: int) -> None:
        """Go to a sample."""
        self._file.seek(self._start + 2 * self.channels * first)
        self._left = self.frames - first

    def block(self, length: int) -> np.ndarray:
        """Return the next samples, (n_samples, n_channels), float32; none at the end."""
        width = 2 * self.channels
        content = self._file.read(width * min(length, self._left))
        n_whole = len(content) // width
        self._left -= n_whole
        samples = np.frombuffer(content, dtype="<i2", count=n_whole * self.channels)
        return (samples / _FULL_SCALE).reshape(n_whole, self.channels)

    def close(self) -> None:
        """Leave the file as it is, to whoever opened it."""


def of_file(file: SafeFile) -> PcmSound | None:
    """Return the samples of a WAV file of 16 bits with nothing unusual in its head; None for any other file."""
    head = file.read(_HEAD.size)
    file.seek(0)
    if file.claim is None or len(head) < _HEAD.size:
        return None
    n_bytes, start = file.claim
    riff, wave, name, size, kind, n_channels, rate, per_second, width, n_bits = _HEAD.unpack(head)
    plain = (riff, wave, name, size, kind, n_bits) == (b"RIFF", b"WAVE", b"fmt ", 16, 1, 16)
    sound = 0 < n_channels <= _MOST_CHANNELS and width == 2 * n_channels and per_second == rate * width > 0
    if not (plain and sound and 0 < n_bytes <= file.size - start and n_bytes % width == 0):
        return None
    return PcmSound(file, n_channels, rate, n_bytes, start)
