// Sound in, from the microphone and from files, as samples at 16 kHz; and out, as a WAV file for the player.

import { decode, joined, startRecording } from "./shared.js";
import { RATE } from "./speech.js";

const LATEST = 60; // parts of the microphone that are answered while one speaks: 3 seconds
const LONGEST = 3600; // seconds of a file: an hour takes 230 MB of memory

// Record for some seconds, or until `stop()`; `passed(level, left)` is called meanwhile. `recorded` is the promise of
// the samples, and `latest()` that of the last 3 seconds so far.
export async function record(seconds, passed) {
  const parts = [];
  const keep = (level, left, samples) => {
    parts.push(samples);
    if (parts.length > LATEST) parts.shift();
    passed(level, left);
  };
  const { stop, recorded, rate } = await startRecording(seconds, new AbortController().signal, keep);
  const latest = () => resampled({ samples: joined(parts, Infinity), rate });
  return { stop, recorded: recorded.then(resampled), latest };
}

/** Return the samples of a file and its sound; throw an error with a sentence if it cannot be read. */
export async function decoded(file) {
  if (!file.size) throw new Error(`${file.name}: an empty file.`);
  const { samples } = await decode(await file.arrayBuffer(), LONGEST + 1, RATE).catch(() => {
    throw new Error(`${file.name}: this browser cannot read it; choose a recording as WAV, FLAC, MP3, Ogg or M4A.`);
  });
  if (samples.length > LONGEST * RATE) throw new Error(`${file.name}: longer than an hour; cut it into parts.`);
  return { samples, sound: file };
}

/** Return samples at 16 kHz. */
async function resampled({ samples, rate }) {
  if (!samples.length || rate === RATE) return samples;
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

/** Return samples at 16 kHz as a WAV file. */
export function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (place, letters) => [...letters].forEach((each, number) => view.setUint8(place + number, each.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  [[16, 16], [24, RATE], [28, 2 * RATE], [40, 2 * samples.length]].forEach(([place, value]) => view.setUint32(place, value, true));
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([place, value]) => view.setUint16(place, value, true));
  text(36, "data");
  samples.forEach((sample, place) => view.setInt16(44 + 2 * place, 32767 * Math.max(-1, Math.min(1, sample)), true));
  return new Blob([view], { type: "audio/wav" });
}
