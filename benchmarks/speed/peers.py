"""The averages of 40 MFCCs by other libraries; run by a Python that has them: goes through the files for each line.

It imports nothing of this repository. The work is as alike as each can be asked for: frames of 2048 samples every 512,
a Hann window, power, 128 mel bands up to half the rate, 40 coefficients, averaged over time; a batch of files at a
time, on all cores. The values are not: openSMILE and python_speech_features have mel scales of their own, and the
latter computes in double precision. A line names a way; the answer is of how many files there are 40 averages.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import kaldi_native_fbank
import numpy as np
import opensmile
import python_speech_features
import soundfile as sf

BATCH = 64
N_FFT, HOP_LENGTH, N_MELS, N_MFCC = 2048, 512, 128, 40

CONFIGURATION = r"""
[componentInstances:cComponentManager]
instance[dataMemory].type=cDataMemory
\{{\cm[source{{?}}:include external source]}}

[componentInstances:cComponentManager]
instance[frames].type=cFramer
instance[windowed].type=cWindower
instance[transformed].type=cTransformFFT
instance[magnitudes].type=cFFTmagphase
instance[bands].type=cMelspec
instance[mfcc].type=cMfcc

[frames:cFramer]
reader.dmLevel=wave
writer.dmLevel=frames
frameSize={length}
frameStep={step}

[windowed:cWindower]
reader.dmLevel=frames
writer.dmLevel=windowed
winFunc=Hann

[transformed:cTransformFFT]
reader.dmLevel=windowed
writer.dmLevel=transformed

[magnitudes:cFFTmagphase]
reader.dmLevel=transformed
writer.dmLevel=magnitudes

[bands:cMelspec]
reader.dmLevel=magnitudes
writer.dmLevel=bands
nBands={n_mels}
usePower=1
lofreq=0
hifreq={highest}

[mfcc:cMfcc]
reader.dmLevel=bands
writer.dmLevel=lld
firstMfcc=0
lastMfcc={last}
cepLifter=0

\{{\cm[sink{{?}}:include external sink]}}
"""

Way = Callable[[np.ndarray], np.ndarray]
"""From a waveform to its MFCCs averaged over time."""


def with_opensmile(sr: int, folder: Path) -> Way:
    """Return openSMILE's way, which is told in a file."""
    path = folder / "mfcc.conf"
    numbers = {"length": N_FFT / sr, "step": HOP_LENGTH / sr, "n_mels": N_MELS, "highest": sr / 2, "last": N_MFCC - 1}
    path.write_text(CONFIGURATION.format(**numbers))
    smile = opensmile.Smile(feature_set=str(path), feature_level="lld")
    return lambda y: np.asarray(smile(y, sr)).mean(axis=2)[0]


def with_kaldi_native_fbank(sr: int, _: Path) -> Way:
    """Return Kaldi's way, set to librosa's mel bands."""
    options = kaldi_native_fbank.MfccOptions()
    frames, bands = options.frame_opts, options.mel_opts
    frames.samp_freq, frames.frame_length_ms, frames.frame_shift_ms = sr, 1000 * N_FFT / sr, 1000 * HOP_LENGTH / sr
    frames.dither = frames.preemph_coeff = 0
    frames.remove_dc_offset = frames.snip_edges = False
    frames.window_type = "hann"
    bands.num_bins, bands.low_freq, bands.is_librosa, bands.norm = N_MELS, 0, True, "slaney"
    options.num_ceps, options.use_energy, options.cepstral_lifter = N_MFCC, False, 0

    def averaged(y: np.ndarray) -> np.ndarray:
        computer = kaldi_native_fbank.OnlineMfcc(options)
        computer.accept_waveform(sr, y)
        computer.input_finished()
        mean: np.ndarray = np.mean([computer.get_frame(index) for index in range(computer.num_frames_ready)], axis=0)
        return mean

    return averaged


def with_python_speech_features(sr: int, _: Path) -> Way:
    """Return the way of python_speech_features."""
    options = {
        "winlen": N_FFT / sr,
        "winstep": HOP_LENGTH / sr,
        "numcep": N_MFCC,
        "nfilt": N_MELS,
        "nfft": N_FFT,
        "preemph": 0,
        "ceplifter": 0,
        "appendEnergy": False,
        "winfunc": np.hanning,
    }
    return lambda y: python_speech_features.mfcc(y, sr, **options).mean(axis=0)


WAYS = {
    "openSMILE": with_opensmile,
    "kaldi-native-fbank": with_kaldi_native_fbank,
    "python_speech_features": with_python_speech_features,
}


def main(listed: str) -> None:
    """Go through the files that a file lists, all of one rate."""
    paths = Path(listed).read_text(encoding="utf-8").splitlines()
    batches = [paths[first : first + BATCH] for first in range(0, len(paths), BATCH)]
    sr = sf.info(paths[0]).samplerate
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        ways = {name: start(sr, Path(folder)) for name, start in WAYS.items()}
        for line in sys.stdin:
            n_done = sum(pool.map(partial(averages, ways[line.strip()]), batches))
            sys.stdout.write(f"{n_done}\n")
            sys.stdout.flush()


def averages(way: Way, paths: list[str]) -> int:
    """Compute the averages of some files, and return of how many there are 40."""
    return sum(way(sf.read(path, dtype="float32")[0]).shape == (N_MFCC,) for path in paths)


if __name__ == "__main__":
    main(sys.argv[1])
