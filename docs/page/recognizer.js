// From samples to answers, with the exported recogniser; the rules are those of the Python package.

import { joined } from "./shared.js";
import { CHUNK, NO_SPEECH, RATE, SILENCE, SILENCE_DB } from "./speech.js";
import { detect, detector, highest, spokenPart, windows } from "./speech.js";
import { adapted, dot, logarithms, mean, softmax, transposed } from "./voice.js";

const [STEP_SECONDS, CHANGE, BRIDGED] = [0.5, 1, 2]; // seconds, log probability, steps
const [PIECE, AROUND] = [0.2, 0.2]; // seconds that are left out to find what decided, and on either side of them
const COLUMNS = 300; // of the picture of a waveform
const [UNKNOWN, UNSURE] = ["unknown", "unsure"];
const best = (values) => values.indexOf(Math.max(...values));

/** A recogniser: the exported network, the network that finds speech, and what `make page` wrote about both. */
export class Recognizer {
  constructor(ort, networks, model, about) {
    Object.assign(this, { ort, emotion: networks.emotion, model, about, voice: null });
    this.detector = detector(ort, networks.speech);
  }

  /** Return the answer for one recording of at most 15 seconds. */
  async predict(samples) {
    const { reason, part } = await spokenPart(samples, this.detector, this.about.hum);
    if (reason) return this.#nothing(reason);
    const { probabilities, given, z, isUnlike } = await this.#infer(part);
    const before = this.voice ? this.#answer(given, false) : undefined;
    return { ...this.#answer(probabilities, isUnlike), before, given, z };
  }

  /** Return how far the probability of the most probable emotion falls without each piece, as explanation.py does. */
  async explain(samples, passed) {
    const { part, start } = await spokenPart(samples, this.detector, this.about.hum);
    const { voice } = this; // as it is now, whatever else is asked meanwhile
    const { probabilities } = await this.#infer(part, voice);
    const [emotion, count] = [best(probabilities), Math.max(1, Math.round(part.length / RATE / PIECE))];
    const around = Math.min(AROUND * RATE, Math.floor(part.length / 6)); // of a very short recording something is left
    const pieces = [];
    for (const [first, end] of cuts(part.length, count)) {
      const rest = [part.subarray(0, Math.max(0, first - around)), part.subarray(end + around)];
      const left = (await this.#infer(joined(rest, Infinity), voice)).probabilities[emotion];
      pieces.push({ start: (start + first) / RATE, end: (start + end) / RATE, drop: probabilities[emotion] - left });
      passed(pieces.length / count);
      await new Promise((resolve) => setTimeout(resolve)); // what else is asked goes first
    }
    const peaks = cuts(samples.length, COLUMNS).map(([first, end]) => highest(samples.subarray(first, end)));
    return { emotion, probability: probabilities[emotion], pieces, peaks, seconds: samples.length / RATE };
  }

  /** Return the timeline of a long recording, and the answer for the whole: the mean over its windows of speech. */
  async follow(samples, passed) {
    const { level, speech } = await detect(samples, this.detector, (share) => passed(0.2 * share));
    const [wide, narrow] = [true, false].map((overlapping) => windows(speech, samples.length, overlapping));
    const all = [...wide, ...narrow];
    const found = [];
    for (const [number, [first, end]] of all.entries()) {
      found.push({ first, end, ...(await this.#infer(samples.subarray(first, end))) });
      passed(0.2 + (0.8 * (number + 1)) / all.length);
    }
    const stretches = this.#stretches(found.slice(0, wide.length), level, samples.length / RATE);
    return { ...this.#whole(found.slice(wide.length), level), stretches };
  }

  /** Get used to a voice. With two utterances of each emotion, each is answered without itself: a test. */
  enrol(utterances) {
    const { model } = this;
    const [why, voice] = [model.whyNot(utterances), model.adapt(utterances)];
    const isTest = utterances.every((one) => utterances.some((other) => other !== one && other.meant === one.meant));
    this.voice = why ? null : voice;
    const after = utterances.map((one) => {
      if (isTest) return adapted(one, model.adapt(utterances.filter((other) => other !== one)));
      return why ? one.probabilities : adapted(one, voice);
    });
    return { why, isTest, after: after.map((shares) => this.#answer(shares, false)) };
  }

  forget = () => (this.voice = null);
  /** Return what a file keeps of the voice. */
  save = () => JSON.stringify({ recognizer: this.about.recognizer, voice: this.voice });

  /** Restore the voice from a file; throw an error with a sentence if `save` did not write it for this recogniser. */
  async restore(file) {
    const { recognizer, voice } = (await file.text().then(JSON.parse).catch(() => null)) ?? {};
    const isWhole = (each) => each?.weights?.length === this.model.transform.length;
    const isFit = (each) => isWhole(each) && [...each.weights, each.intercept].every(Number.isFinite);
    if (voice?.length !== this.about.emotions.length || ![...voice].every(isFit))
      throw new Error(`${file.name}: not a voice saved by this page, or damaged; choose another file, or adapt again.`);
    if (recognizer !== this.about.recognizer)
      throw new Error(`${file.name}: saved with another recogniser than this page has; adapt to your voice again.`);
    this.voice = voice;
  }

  async #infer(samples, voice = this.voice) {
    const waveform = new this.ort.Tensor("float32", Float32Array.from(samples), [1, samples.length]);
    const outputs = await this.emotion.run({ waveform });
    const [given, z] = [[...outputs.probabilities.data], this.model.project(outputs.embedding.data)];
    const probabilities = voice ? adapted({ z, probabilities: given }, voice) : given;
    return { probabilities, given, z, isUnlike: !voice && this.model.isUnlike(z) };
  }

  #answer(probabilities, isUnlike) {
    const found = best(probabilities);
    const isSure = probabilities[found] >= this.about.threshold;
    const [emotion, reason] = isSure ? [this.about.emotions[found], ""] : [UNKNOWN, UNSURE];
    return { emotion, reason, probabilities, warning: isUnlike ? this.about.unlike : "" };
  }

  #nothing(reason) {
    const { emotions } = this.about;
    return { emotion: UNKNOWN, reason, probabilities: emotions.map(() => 1 / emotions.length), warning: "" };
  }

  #whole(parts, level) {
    if (!parts.length) return this.#nothing(whyNothing(level));
    const shares = average(parts.map((part) => part.probabilities), parts.map(({ first, end }) => end - first));
    const unlike = parts.filter(({ isUnlike }) => isUnlike).length;
    return this.#answer(shares, 2 * unlike > parts.length);
  }

  /** Return the parts of the timeline with one answer each. */
  #stretches(parts, level, seconds) {
    const chunks = (STEP_SECONDS * RATE) / CHUNK; // in a step
    const { scores, path } = smoothed(parts, Math.ceil(level.length / chunks));
    const found = [];
    for (let first = 0, end; first < path.length; first = end) {
      for (end = first + 1; end < path.length && path[end] === path[first]; ) end++;
      const silence = () => whyNothing(level.slice(Math.ceil(first * chunks), Math.ceil(end * chunks)));
      const shares = () => mean(scores.slice(first, end).map(softmax));
      const { emotion, reason } = path[first] < 0 ? this.#nothing(silence()) : this.#answer(shares(), false);
      const [last, stop] = [found.at(-1), end < path.length ? end * STEP_SECONDS : seconds];
      if (last?.emotion === emotion && last.reason === reason) last.end = stop;
      else found.push({ start: first * STEP_SECONDS, end: stop, emotion, reason });
    }
    return found;
  }
}

/** Return where each of some equal parts begins and ends. */
const cuts = (size, n) => Array.from({ length: n }, (_, k) => [k, k + 1].map((edge) => Math.floor((edge * size) / n)));
/** Return the mean of rows, each of which has a weight. */
const average = (rows, weights) => transposed(rows).map((row) => dot(row, weights) / weights.reduce((a, b) => a + b));
/** Return why nobody speaks, from the level in dB. */
const whyNothing = (level) => (level.some((decibels) => decibels >= SILENCE_DB) ? NO_SPEECH : SILENCE);

/** Smooth the answers for windows over time, as recognizer/timeline.py does: scores and the emotion of each step. */
function smoothed(parts, count) {
  const step = STEP_SECONDS * RATE;
  const scores = Array.from({ length: count }, (_, number) => {
    const from = number * step;
    const near = parts.filter(({ first, end }) => first < from + step && end > from);
    const away = ({ first, end }) => Math.abs(from + step / 2 - (first + end) / 2) / ((end - first) / 2 + step);
    const logs = near.map(({ probabilities }) => logarithms(probabilities));
    return near.length ? average(logs, near.map((part) => 1 - away(part))) : null;
  });
  const spoken = () => [...scores.keys()].filter((number) => scores[number]);
  spoken().reduce((before, after) => {
    // Each step of a short pause gets the scores of the nearest step with speech.
    const middle = Math.floor((before + after) / 2) + 1;
    if (after - before <= 1 + BRIDGED) scores.fill(scores[before], before, middle).fill(scores[after], middle, after);
    return after;
  }, -Infinity);
  const [places, path] = [spoken(), new Array(count).fill(-1)];
  bestPath(places.map((place) => scores[place])).forEach((row, number) => (path[places[number]] = row));
  return { scores, path };
}

/** Find the path with the greatest sum of scores, in which every change costs `CHANGE` (Viterbi 1967). */
function bestPath(scores) {
  const before = [];
  let total = new Array(scores[0]?.length ?? 0).fill(0);
  for (const score of scores) {
    const found = best(total);
    before.push(total.map((sum, row) => (sum >= total[found] - CHANGE ? row : found)));
    total = total.map((sum, row) => Math.max(sum, total[found] - CHANGE) + score[row]);
  }
  const path = scores.length ? [best(total)] : [];
  for (const back of before.slice(1).reverse()) path.push(back[path.at(-1)]);
  return path.reverse();
}
