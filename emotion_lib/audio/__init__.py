"""Read recordings, whatever their format, rate and channels: mono waveforms, or an error that says why not.

`read` gives a whole recording, `blocks` one of any length in constant memory, `duration` only how long it is.
`waveform` does for an array what `read` does for a file, and `Resampler` for a stream, chunk by chunk.
"""

from emotion_lib.audio.reader import blocks, duration, read, waveform
from emotion_lib.audio.resampler import HIGHEST_RATE, Resampler
from emotion_lib.audio.sources import Source

__all__ = ["HIGHEST_RATE", "Resampler", "Source", "blocks", "duration", "read", "waveform"]
