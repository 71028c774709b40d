"""Read recordings of any format, sampling rate and number of channels as mono waveforms.

`read` loads a whole recording, `blocks` reads one of any length in constant memory, and `duration` measures its length.
`waveform` converts an array in the way that `read` converts a file; `Resampler` converts a stream, chunk by chunk.
"""

from emotion_lib.audio.reader import blocks, duration, read, waveform
from emotion_lib.audio.resampler import HIGHEST_RATE, Channel, Resampler
from emotion_lib.audio.sources import Source

__all__ = ["HIGHEST_RATE", "Channel", "Resampler", "Source", "blocks", "duration", "read", "waveform"]
