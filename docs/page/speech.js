// Where somebody speaks: a port of emotion_lib/audio/speech.py, equal to it chunk by chunk. All sound is at 16 kHz.

import { joined } from "./shared.js";

export const [RATE, CHUNK, SILENCE_DB] = [16_000, 512, -60];
const [SPEECH, CERTAIN, START, STOP] = [0.3, 0.9, 0.5, 0.3]; // probabilities
const [ENOUGH_SPEECH, AROUND_SPEECH] = [0.5, 0.1]; // seconds
const [PEAK, SOFTEST_PEAK, LATELY, FADING, PRELUDE, SECOND] = [0.7, 0.003, 94, 0.1, 8, 31];
const [SECONDS_OF_CHUNK, AT_ONCE] = [CHUNK / RATE, 512]; // the network gets 512 chunks at a time
const [PAUSE, LEAST_SPEECH, LEAST, MOST, WIDE, STEP] = [9, 8, 63, 93, 62, 31]; // chunks: windows of 2 to 3 seconds
const lowest = (values) => values.indexOf(Math.min(...values));
export const highest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const chunkOf = (samples, number) => samples.subarray(number * CHUNK, (number + 1) * CHUNK);

export const [SILENCE, NO_SPEECH, TOO_LITTLE] = ["silence", "no speech", "too little speech"]; // why nothing is said

/** Return the function that gives the probability of speech in each chunk of samples, with Silero VAD. */
export function detector(ort, session) {
  return async (samples, passed = () => {}) => {
    const found = new Float32Array(samples.length / CHUNK);
    let [speech, state] = [null, new ort.Tensor("float32", new Float32Array(256), [2, 1, 128])];
    for (let first = 0; first < found.length; first += AT_ONCE) {
      const some = samples.slice(first * CHUNK, (first + AT_ONCE) * CHUNK);
      const chunks = new ort.Tensor("float32", some, [some.length / CHUNK, CHUNK]);
      const answer = await session.run({ chunks, state });
      [speech, state] = session.outputNames.map((name) => answer[name]);
      found.set(speech.data, first);
      passed(Math.min(1, (first + AT_ONCE) / found.length));
    }
    return found;
  };
}

/** Return the samples, and zeros up to a multiple of 512. */
const padded = (samples) => joined([samples, new Float32Array(-samples.length & (CHUNK - 1))], Infinity);

/** Return the level of each chunk in dB, of samples whose number is a multiple of 512. */
const levels = (samples) =>
  Float64Array.from({ length: samples.length / CHUNK }, (_, n) => decibels(energy(chunkOf(samples, n)) / CHUNK));
const energy = (samples) => samples.reduce((sum, sample) => sum + sample ** 2, 0);
const decibels = (power) => 10 * Math.log10(Math.max(power, 1e-12));

/** Return the samples without sounds lower than voices; a sample `n` places from another counts `weights[n]` in it. */
function withoutHum(samples, weights) {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const [reach, centred] = [weights.length, new Float64Array(samples.length + 2 * weights.length)];
  samples.forEach((sample, place) => (centred[place + reach] = sample - mean));
  return samples.map((_, place) => {
    let [middle, sum] = [place + reach, weights[0] * centred[place + reach]];
    for (let n = 1; n < reach; n++) sum += weights[n] * (centred[middle - n] + centred[middle + n]);
    return sum;
  });
}

/** Return the part of a short recording in which somebody speaks, or the reason why nothing can be predicted. */
export async function spokenPart(samples, predict, weights) {
  if (Math.max(...levels(padded(samples))) < SILENCE_DB) return { reason: SILENCE };
  const voiced = withoutHum(samples, weights);
  const gain = PEAK / Math.max(highest(voiced), 1e-38);
  const chunks = padded(voiced.map((sample) => gain * sample));
  // The network gets the quietest chunk first: else it misses a word that starts at once.
  const loudness = levels(chunks).slice(0, Math.max(1, chunks.length / CHUNK - 1));
  const prelude = new Array(PRELUDE).fill(chunkOf(chunks, lowest(loudness)));
  const speech = (await predict(joined([...prelude, chunks], Infinity))).subarray(PRELUDE);
  const sums = speech.map((_, end) => speech.subarray(Math.max(0, end - SECOND + 1), end + 1).reduce((a, b) => a + b));
  if (SECONDS_OF_CHUNK * Math.max(...sums) < ENOUGH_SPEECH)
    return { reason: Math.max(...speech) >= CERTAIN ? TOO_LITTLE : NO_SPEECH };
  const isSure = (probability) => probability >= SPEECH;
  let [first, end] = [speech.findIndex(isSure), speech.findLastIndex(isSure)];
  while (first > 0 && speech[first - 1] >= FADING) first--;
  while (end < speech.length && speech[end] >= FADING) end++;
  const start = Math.max(0, Math.round((first * SECONDS_OF_CHUNK - AROUND_SPEECH) * RATE));
  const stop = Math.min(samples.length, Math.round((end * SECONDS_OF_CHUNK + AROUND_SPEECH) * RATE));
  return { reason: "", part: samples.subarray(start, stop), start };
}

/** Return the level of each chunk of a long recording, and the probability of speech in it; 0 where it is silent. */
export async function detect(samples, predict, passed) {
  const all = padded(samples);
  const [level, count] = [levels(all), all.length / CHUNK];
  const peaks = Array.from({ length: count }, (_, number) => highest(chunkOf(all, number)));
  const heard = [...level.keys()].filter((number) => level[number] >= SILENCE_DB);
  const amplified = heard.map((number) => {
    // Soft speech is amplified, by the peak of the last 3 seconds.
    const peak = Math.max(SOFTEST_PEAK, ...peaks.slice(Math.max(0, number - LATELY + 1), number + 1));
    return chunkOf(all, number).map((sample) => Math.max(1, PEAK / peak) * sample);
  });
  const found = await predict(joined(amplified, Infinity), passed);
  const speech = new Float32Array(count);
  heard.forEach((number, place) => (speech[number] = found[place]));
  return { level, speech };
}

/** Return the windows of speech as [first sample, end], of 2 to 3 seconds, or overlapping ones of 2 seconds. */
export function windows(speech, samples, overlapping) {
  const found = [];
  const add = (first, end) => found.push([first * CHUNK, Math.min(end * CHUNK, samples)]);
  const finish = (first, end, least) => {
    while (end > first && speech[end - 1] < STOP) end--;
    if (speech.subarray(first, end).filter((each) => each >= STOP).length < least) return;
    const length = end - first;
    if (length > (overlapping ? WIDE : MOST)) {
      const [least, most] = [Math.max(length - MOST, Math.floor(length / 3)), Math.floor((2 * length) / 3)];
      const cut = overlapping ? WIDE : quietest(first, least, Math.min(MOST, most));
      add(first, first + cut);
      first = overlapping ? end - WIDE : first + cut;
    }
    add(first, end);
  };
  const quietest = (first, from, to) => from + lowest(speech.subarray(first + from, first + to + 1));
  let [first, least] = [-1, LEAST_SPEECH];
  for (let number = 0; number < speech.length; number++) {
    if (first < 0 && speech[number] >= START) first = number;
    if (first < 0) continue;
    const length = number + 1 - first;
    if (length > PAUSE && speech.subarray(number + 1 - PAUSE, number + 1).every((each) => each < STOP)) {
      finish(first, number + 1, least);
      [first, least] = [-1, LEAST_SPEECH];
    } else if (length > (overlapping ? WIDE + STEP : MOST + LEAST)) {
      const end = overlapping ? WIDE : quietest(first, LEAST, MOST);
      add(first, first + end);
      // The rest continues speech, so it need not be long to count as speech.
      [first, least] = [first + (overlapping ? STEP : end), 1];
    }
  }
  if (first >= 0) finish(first, speech.length, least);
  return found;
}
