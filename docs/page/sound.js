// Sound in, from the microphone and from files, as samples at 16 kHz. A recording is a file like those that are chosen.

import { decode, joined, startRecording } from "./shared.js";
import { RATE } from "./speech.js";

const LATEST = 60; // parts of the microphone that are answered while one speaks: 3 seconds
const LONGEST = 3600; // seconds of a file: an hour takes 230 MB of memory
const [RIFF, WAVE, DATA] = [0x52494646, 0x57415645, 0x64617461]; // the names as numbers

// Record for some seconds, or until `stop()`; `passed(level, left)` is called meanwhile. `recorded` is the promise of
// the file, and `latest()` returns one of the last 3 seconds so far.
export async function record(name, seconds, passed) {
  let parts = [];
  const keep = (level, left, samples) => {
    parts = [...parts, samples].slice(-LATEST);
    passed(level, left);
  };
  const { stop, recorded, rate } = await startRecording(seconds, new AbortController().signal, keep);
  const latest = () => wav(name, { samples: joined(parts, Infinity), rate });
  return { stop, recorded: recorded.then((sound) => wav(name, sound)), latest };
}

/** Return the samples of a file, and add to `notes`; throw an error with a sentence if it cannot be read. */
export async function decoded(file, notes = []) {
  const refuse = (why) => Promise.reject(new Error(`${file.name}: ${why}.`));
  const content = await file.arrayBuffer().catch(() => refuse("a folder, or no longer there; choose recordings"));
  const fault = faultOf(new DataView(content));
  if (fault) return refuse(fault);
  const unknown = () => refuse("this browser cannot read it; convert it to WAV, FLAC, MP3, Ogg or M4A");
  const { samples, channel, isFinite } = await decode(content, LONGEST + 1, RATE).catch(unknown);
  if (samples.length > LONGEST * RATE) return refuse("longer than an hour; cut it into parts");
  if (!isFinite) return refuse("not finite (NaN or infinite samples); check the program that made it");
  if (channel) notes.push(`Its channels cancel each other, so that channel ${channel} alone is read.`);
  return samples;
}

/** Return what is wrong with a WAV file of which the browser would read a part without a word; checked as in Python. */
function faultOf(view) {
  const [size, name] = [view.byteLength, (place) => (place + 8 <= view.byteLength ? view.getUint32(place) : 0)];
  if (name(0) !== RIFF || name(8) !== WAVE) return size ? "" : "an empty file; choose a recording";
  let held = 0;
  for (let place = 12, length; name(place); place += 8 + length + (length % 2)) {
    length = view.getUint32(place + 4, true);
    if (name(place) !== DATA) continue;
    if (held) return "several recordings in one file; save each in a file of its own";
    held = size - place - 8;
    const claim = `its header claims ${length} bytes of samples, but the file holds ${held}`; // more claim nothing
    if (length - held >= 64 && length < 2e9) return `cut short: ${claim}; copy or record it again`;
  }
  return held ? "" : "no samples; choose another recording";
}

/** Return samples as a WAV file of 32-bit floats in one channel. */
function wav(name, { samples, rate }) {
  const n = samples.byteLength;
  const header = ["RIFF", 36 + n, "WAVEfmt ", 16, 0x1_0003, rate, 4 * rate, 0x20_0004, "data", n];
  const bytes = [...header.map((part) => (part.length ? part : new Uint32Array([part]))), samples];
  return new File(n ? bytes : [], name, { type: "audio/wav" });
}
