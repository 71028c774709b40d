// Sound in, from the microphone and from files, as samples at 16 kHz. A recording is a file like those that are chosen.

import { decode, joined, startRecording } from "./shared.js";
import { RATE } from "./speech.js";

const LATEST = 60; // parts of the microphone that are answered while one speaks: 3 seconds
const LONGEST = 3600; // seconds of a file: an hour takes 230 MB of memory

// Record for some seconds, or until `stop()`; `passed(level, left)` is called meanwhile. `recorded` is the promise of
// the file, and `latest()` returns one of the last 3 seconds so far.
export async function record(name, seconds, passed) {
  const parts = [];
  const keep = (level, left, samples) => {
    parts.push(samples);
    if (parts.length > LATEST) parts.shift();
    passed(level, left);
  };
  const { stop, recorded, rate } = await startRecording(seconds, new AbortController().signal, keep);
  const latest = () => wav(name, { samples: joined(parts, Infinity), rate });
  return { stop, recorded: recorded.then((sound) => wav(name, sound)), latest };
}

/** Return the samples of a file; throw an error with a sentence if it cannot be read. */
export async function decoded(file) {
  if (!file.size) throw new Error(`${file.name}: an empty file.`);
  const { samples } = await decode(await file.arrayBuffer(), LONGEST + 1, RATE).catch(() => {
    throw new Error(`${file.name}: this browser cannot read it; choose a recording as WAV, FLAC, MP3, Ogg or M4A.`);
  });
  if (samples.length > LONGEST * RATE) throw new Error(`${file.name}: longer than an hour; cut it into parts.`);
  return samples;
}

/** Return samples as a WAV file of 32-bit floats in one channel. */
function wav(name, { samples, rate }) {
  const n = samples.byteLength;
  const header = ["RIFF", 36 + n, "WAVEfmt ", 16, 0x1_0003, rate, 4 * rate, 0x20_0004, "data", n];
  const bytes = header.map((part) => (typeof part === "number" ? new Uint32Array([part]) : part));
  return new File(n ? [...bytes, samples] : [], name, { type: "audio/wav" });
}
