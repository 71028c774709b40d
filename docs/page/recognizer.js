// From samples to answers, with the exported recogniser; the rules are those of the Python package.

import { CHUNK, Detector, NO_SPEECH, RATE, SILENCE, SILENCE_DB, detect, spokenPart, windows } from "./speech.js";
import { adapted, logarithms, mean, softmax } from "./voice.js";

const [STEP_SECONDS, CHANGE, BRIDGED] = [0.5, 1, 2]; // seconds, log probability, steps
const [UNKNOWN, UNSURE] = ["unknown", "unsure"];
const best = (values) => values.indexOf(Math.max(...values));

/** A recogniser: the exported network, the network that finds speech, and what `make page` wrote about both. */
export class Recognizer {
  constructor(ort, networks, model, about) {
    Object.assign(this, { ort, ...networks, model, about, voice: null });
  }

  /** Return the answer for one recording of at most 15 seconds. */
  async predict(samples) {
    const detector = new Detector(this.ort, this.speech);
    const { reason, part } = await spokenPart(samples, detector);
    if (reason) return this.#nothing(reason);
    const { probabilities, given, z, isUnlike } = await this.#infer(part);
    const answer = this.#answer(probabilities, isUnlike);
    const before = this.voice && this.#answer(given, false);
    return { ...answer, before, given, z };
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

  async #infer(samples) {
    const waveform = new this.ort.Tensor("float32", Float32Array.from(samples), [1, samples.length]);
    const outputs = await this.emotion.run({ waveform });
    const [given, z] = [[...outputs.probabilities.data], this.model.project(outputs.embedding.data)];
    const probabilities = this.voice ? adapted({ z, probabilities: given }, this.voice) : given;
    return { probabilities, given, z, isUnlike: !this.voice && this.model.isUnlike(z) };
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

  #whole(parts, heard) {
    if (!parts.length) return this.#nothing(heard.some(Boolean) ? NO_SPEECH : SILENCE);
    const length = parts.reduce((sum, { first, end }) => sum + end - first, 0);
    const shares = parts[0].probabilities.map(
      (_, row) => parts.reduce((sum, part) => sum + (part.end - part.first) * part.probabilities[row], 0) / length,
    );
    const unlike = parts.filter(({ isUnlike }) => isUnlike).length;
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
