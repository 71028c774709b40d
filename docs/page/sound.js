// Sound in: from the microphone and from files, as samples at 16 kHz. Sound out: as a WAV file for the player.

import { RATE } from "./speech.js";

const [PART_SECONDS, LATEST] = [0.05, 3];
const OPENS_WITHIN = 5000; // milliseconds
const LONGEST = 3600; // seconds of a file: an hour takes 230 MB of memory
/** Loudness, pitch and timbre carry emotion, and what browsers do for telephony would change all three. */
const UNTOUCHED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const REFUSALS = {
  NotAllowedError: "The browser did not allow the microphone. Allow it for this page, usually at the left of the address bar, and press Record again; or choose a file.",
  NotFoundError: "There is no microphone. Connect one and press Record again, or choose a file.",
  NotReadableError: "No sound comes from the microphone; perhaps another program is using it. Close that program and press Record again.",
  StuckError: "The browser has not started to record. Some browsers cannot record without loudspeakers or headphones: connect some, reload the page and press Record again; or choose a file.",
  InsecureError: "Browsers allow the microphone only on pages from this machine or over https. You can choose a file.",
};

/** Return the sentence for an error of the microphone. */
export function refusal(error) {
  return REFUSALS[error.name] ?? `The microphone cannot be used (${error.message}). You can choose a file.`;
}

/**
 * Record for some seconds, or until `stop()`; `passed(level, left)` is called meanwhile. `recorded` is the promise of the
 * samples, and `latest()` that of the last 3 seconds so far.
 */
export async function startRecording(seconds, passed) {
  if (!navigator.mediaDevices || !window.AudioWorkletNode) throw new DOMException("", "InsecureError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: UNTOUCHED });
  const context = new AudioContext();
  const parts = [];
  let [length, finish] = [0, null];
  const recorded = new Promise((whole) => (finish = whole));
  const stop = () => {
    stream.getTracks().forEach((track) => track.stop());
    if (context.state !== "closed") context.close();
    finish(resampled(joined(parts), context.sampleRate));
  };
  const keep = (samples) => {
    parts.push(samples);
    length += samples.length;
    const left = seconds - length / context.sampleRate;
    passed(loudness(samples), Math.max(0, left));
    if (left <= 0) stop();
  };
  stream.getAudioTracks()[0].addEventListener("ended", stop);
  const stuck = new DOMException("", "StuckError");
  const patience = new Promise((_, reject) => setTimeout(reject, OPENS_WITHIN, stuck));
  await Promise.race([collect(context, stream, keep), patience]).catch((error) => {
    stop();
    throw error;
  });
  const latest = () => resampled(joined(parts.slice(-LATEST / PART_SECONDS)), context.sampleRate);
  return { stop, recorded, latest };
}

/** Hand over the samples of a stream part by part; the promise ends with the first of them. */
async function collect(context, stream, received) {
  await context.audioWorklet.addModule(new URL("collector.js", import.meta.url));
  const size = Math.round(PART_SECONDS * context.sampleRate);
  const options = { channelCount: 1, channelCountMode: "explicit", processorOptions: { size } };
  const collector = new AudioWorkletNode(context, "collector", options);
  const begun = new Promise((begin) => (collector.port.onmessage = ({ data }) => [begin(), received(data)]));
  context.createMediaStreamSource(stream).connect(collector);
  collector.connect(context.destination); // silent; some browsers run only connected nodes
  await Promise.all([context.resume(), begun]);
}

/** Return the samples of a file, mixed to one channel, and its sound; throw an error with a sentence if it is none. */
export async function decoded(file) {
  if (!file.size) throw new Error(`${file.name}: an empty file.`);
  const content = await file.arrayBuffer();
  // decodeAudioData resamples to the rate of its context.
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(content).catch(() => {
    throw new Error(`${file.name}: this browser cannot read it; choose a recording as WAV, FLAC, MP3, Ogg or M4A.`);
  });
  if (sound.duration > LONGEST) throw new Error(`${file.name}: longer than an hour; cut it into parts.`);
  const samples = new Float32Array(sound.length);
  for (let number = 0; number < sound.numberOfChannels; number++)
    sound.getChannelData(number).forEach((sample, place) => (samples[place] += sample / sound.numberOfChannels));
  return { samples, sound: file };
}

/** Return samples at 16 kHz. */
async function resampled(samples, rate) {
  if (!samples.length || rate === RATE) return samples;
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

function joined(parts) {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** Return the level of the loudest sample: 0 at -60 dB or less, 1 at full scale. */
function loudness(samples) {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0.001);
  return Math.min(1, 1 + (20 * Math.log10(peak)) / 60);
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
