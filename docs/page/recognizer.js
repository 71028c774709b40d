// From samples to answers, with the exported recogniser; the rules are those of the Python package.

import { CHUNK, Detector, NO_SPEECH, RATE, SILENCE, SILENCE_DB, detect, spokenPart, windows } from "./speech.js";

const [STEP_SECONDS, CHANGE, BRIDGED] = [0.5, 1, 2]; // seconds, log probability, steps
const SMALLEST = 1e-7;
const [UNKNOWN, UNSURE] = ["unknown", "unsure"];
const UNLIKE = "this voice is unlike those it was trained on";

const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);
const times = (matrix, vector) => matrix.map((row) => dot(row, vector));
const mean = (vectors) => vectors[0].map((_, place) => vectors.reduce((sum, each) => sum + each[place], 0) / vectors.length);
const minus = (a, b) => a.map((value, place) => value - b[place]);
const best = (values) => values.indexOf(Math.max(...values));

function softmax(scores) {
  const shares = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}

/** A recogniser: the exported network, the network that finds speech, and what `make page` wrote about both. */
export class Recognizer {
  constructor(ort, networks, about) {
    Object.assign(this, { ort, ...networks, about, voice: null });
    // Row k of the transform projects the embedding on axis k.
    const [rows, axes] = about.transform_shape;
    this.axes = Array.from({ length: axes }, (_, axis) =>
      Float64Array.from({ length: rows }, (_, row) => about.transform[row * axes + axis]),
    );
  }

  /** Return the answer for one recording of at most 15 seconds. */
  async predict(samples) {
    const detector = new Detector(this.ort, this.speech);
    const { reason, part, start, stop } = await spokenPart(samples, detector);
    if (reason) return this.#nothing(reason);
    const { probabilities, z } = await this.#infer(part);
    return { ...this.#answer(probabilities, this.#isUnlike(z)), z, start: start / RATE, end: stop / RATE };
  }

  /** Return the timeline of a long recording, and the answer for the whole: the mean over its windows of speech. */
  async follow(samples, passed) {
    const detector = new Detector(this.ort, this.speech);
    const { level, speech } = await detect(samples, detector, (share) => passed(0.2 * share));
    const [wide, narrow] = [true, false].map((overlapping) => windows(speech, samples.length, overlapping));
    const all = [...wide, ...narrow];
    const found = [];
    for (const [number, [first, end]] of all.entries()) {
      found.push({ first, end, ...(await this.#infer(samples.subarray(first, end))) });
      passed(0.2 + (0.8 * (number + 1)) / all.length);
    }
    const stepsHeard = loudSteps(level);
    const rows = this.#rows(found.slice(0, wide.length), stepsHeard, samples.length / RATE);
    return { whole: this.#whole(found.slice(wide.length), stepsHeard), rows };
  }

  /** Get used to a voice by three ordinary sentences (answers of `predict`); return why not, or nothing. */
  enrol(answers) {
    const { emotions, neutral, voice, before, after, evidence } = this.about.voices;
    const z = answers.map((answer) => answer.z);
    if (this.#coherence(answers) < 0) return "The recordings differ more than those of one voice and one microphone do.";
    const offset = times(voice, minus(mean(z), emotions[neutral]));
    const weigh = (matrix, means) => means.map((each) => times(matrix, each));
    const moved = emotions.map((each) => each.map((value, axis) => value + offset[axis]));
    const [old, now] = [weigh(before, emotions), weigh(after, moved)];
    this.voice = emotions.map((_, row) => ({
      weights: minus(now[row], old[row]).map((value) => evidence * value),
      intercept: (evidence * (dot(emotions[row], old[row]) - dot(moved[row], now[row]))) / 2,
    }));
    return "";
  }

  async #infer(samples) {
    const waveform = new this.ort.Tensor("float32", Float32Array.from(samples), [1, samples.length]);
    const { probabilities, embedding } = await this.emotion.run({ waveform });
    const z = this.axes.map((axis) => dot(axis, embedding.data));
    const given = [...probabilities.data];
    if (!this.voice) return { probabilities: given, z };
    const scores = logarithms(given).map((score, row) => score + dot(this.voice[row].weights, z) + this.voice[row].intercept);
    return { probabilities: softmax(scores), z };
  }

  #isUnlike(z) {
    const { mean: middle, variance, limit } = this.about.voices;
    const distance = z.reduce((sum, value, axis) => sum + (value - middle[axis]) ** 2 / variance[axis], 0) / z.length;
    return !this.voice && distance > limit;
  }
  /** Return how much better the other recordings explain each one than the average voice does. */
  #coherence(answers) {
    const { emotions, others, alone, together, doubt } = this.about.voices;
    const offsets = answers.map(({ z, probabilities }) => {
      const shares = softmax(logarithms(probabilities).map((score) => doubt * score));
      return z.map((value, axis) => value - shares.reduce((sum, share, row) => sum + share * emotions[row][axis], 0));
    });
    const sum = mean(offsets).map((value) => value * offsets.length);
    const density = ({ inverse, logarithm }, x) => -0.5 * (dot(x, times(inverse, x)) + logarithm);
    const gains = offsets.map((each) => {
      const expected = times(others, minus(sum, each));
      return density(together, minus(each, expected)) - density(alone, each);
    });
    return gains.reduce((a, b) => a + b, 0) / gains.length;
  }

  #answer(probabilities, isUnlike) {
    const found = best(probabilities);
    const isSure = probabilities[found] >= this.about.threshold;
    const [emotion, reason] = isSure ? [this.about.emotions[found], ""] : [UNKNOWN, UNSURE];
    return { emotion, reason, probabilities, warning: isUnlike ? UNLIKE : "" };
  }

  #nothing(reason) {
    const { emotions } = this.about;
    return { emotion: UNKNOWN, reason, probabilities: emotions.map(() => 1 / emotions.length), warning: "" };
  }

  #whole(parts, heard) {
    if (!parts.length) return this.#nothing(heard.some(Boolean) ? NO_SPEECH : SILENCE);
    const length = parts.reduce((sum, { first, end }) => sum + end - first, 0);
    const shares = parts[0].probabilities.map(
      (_, row) => parts.reduce((sum, part) => sum + (part.end - part.first) * part.probabilities[row], 0) / length,
    );
    const unlike = parts.filter((part) => this.#isUnlike(part.z)).length;
    return this.#answer(shares, 2 * unlike > parts.length);
  }

  /** Return the rows of the timeline: half a second each where somebody speaks, and the parts in between. */
  #rows(parts, heard, seconds) {
    const { scores, path } = smoothed(parts, heard.length, this.about.emotions.length);
    const rows = [];
    for (let first = 0, end; first < path.length; first = end) {
      for (end = first + 1; end < path.length && path[end] === path[first]; ) end++;
      if (path[first] < 0) {
        rows.push({ step: first, ...this.#nothing(heard.slice(first, end).some(Boolean) ? NO_SPEECH : SILENCE) });
        continue;
      }
      const shares = scores.slice(first, end).map(softmax);
      const { emotion, reason } = this.#answer(mean(shares), false);
      shares.forEach((each, number) => rows.push({ step: first + number, emotion, reason, probabilities: each }));
    }
    return rows.map(({ step, ...row }, number) => ({
      start: step * STEP_SECONDS,
      end: number + 1 < rows.length ? rows[number + 1].step * STEP_SECONDS : seconds,
      ...row,
    }));
  }
}

const logarithms = (shares) => shares.map((share) => Math.log(Math.max(share, SMALLEST)));

/** Return of each half second whether it is louder than silence. */
function loudSteps(level) {
  const heard = [];
  level.forEach((decibels, number) => {
    const step = Math.floor((number * CHUNK) / (STEP_SECONDS * RATE));
    heard[step] = heard[step] || decibels >= SILENCE_DB;
  });
  return heard;
}

/** Smooth the answers for windows over time, as recognizer/timeline.py does: scores and the emotion of each step. */
function smoothed(parts, count, emotions) {
  const step = STEP_SECONDS * RATE;
  const scores = Array.from({ length: count }, () => new Array(emotions).fill(0));
  const weights = new Array(count).fill(0);
  for (const { first, end, probabilities } of parts) {
    const half = (end - first) / 2;
    for (let number = Math.floor(first / step); number < Math.ceil(end / step); number++) {
      const weight = 1 - Math.abs((number + 0.5) * step - first - half) / (half + step);
      logarithms(probabilities).forEach((score, row) => (scores[number][row] += weight * score));
      weights[number] += weight;
    }
  }
  const spoken = weights.map((weight) => weight > 0);
  scores.forEach((each, number) => spoken[number] && each.forEach((score, row) => (each[row] = score / weights[number])));
  bridge(scores, spoken);
  const places = [...spoken.keys()].filter((number) => spoken[number]);
  const path = new Array(count).fill(-1);
  bestPath(places.map((number) => scores[number])).forEach((row, place) => (path[places[place]] = row));
  return { scores, path };
}

/** Fill short pauses: each of their steps gets the scores of the nearest step with speech. */
function bridge(scores, spoken) {
  const places = [...spoken.keys()].filter((number) => spoken[number]);
  places.slice(1).forEach((after, place) => {
    const before = places[place];
    if (after - before < 2 || after - before > 1 + BRIDGED) return;
    const middle = Math.floor((before + after) / 2) + 1;
    for (let number = before + 1; number < after; number++) {
      scores[number] = number < middle ? scores[before] : scores[after];
      spoken[number] = true;
    }
  });
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
  const path = new Array(scores.length);
  for (let number = scores.length - 1; number >= 0; number--)
    path[number] = number === scores.length - 1 ? best(total) : before[number + 1][path[number + 1]];
  return path;
}
