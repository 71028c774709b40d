// Getting used to a voice by sentences whose emotion is known. A port of emotion_lib/recognizer/voice_model.py and
// benefit.py, equal to them; an utterance is {z, probabilities, meant}, its states on the axes of voices among them.

const SMALLEST = 1e-7;
const MOST_LEFT_OUT = 20;

export const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);
const times = (matrix, vector) => matrix.map((row) => dot(row, vector));
const plus = (a, b) => a.map((value, place) => value + b[place]);
const minus = (a, b) => a.map((value, place) => value - b[place]);
const scaled = (matrix, factor) => matrix.map((row) => row.map((value) => factor * value));
const added = (...matrices) => matrices.reduce((a, b) => a.map((row, place) => plus(row, b[place])));
export const transposed = (matrix) => matrix[0].map((_, column) => matrix.map((row) => row[column]));
const product = (a, b) => a.map((row) => times(transposed(b), row));
const unit = (n) => Array.from({ length: n }, (_, row) => Array(n).fill(0).with(row, 1));
export const mean = (vectors) => vectors.reduce(plus).map((value) => value / vectors.length);
export const logarithms = (shares) => shares.map((share) => Math.log(Math.max(share, SMALLEST)));

export function softmax(scores) {
  const shares = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}

/** Return the inverse of a covariance matrix, and the logarithm of its determinant (by Gauss and Jordan). */
function inverted(matrix) {
  const rows = matrix.map((row, number) => [...row, ...unit(row.length)[number]]);
  let logarithm = 0;
  rows.forEach((pivot, number) => {
    const first = pivot[number];
    logarithm += Math.log(first);
    pivot.forEach((value, place) => (pivot[place] = value / first));
    for (const row of rows) {
      const share = row === pivot ? 0 : row[number];
      if (share) pivot.forEach((value, place) => (row[place] -= share * value));
    }
  });
  return { inverse: rows.map((row) => row.slice(matrix.length)), logarithm };
}

const inverse = (matrix) => inverted(matrix).inverse;

/** Statistics of the training voices: the arrays of VoiceModel by name, and its constants. */
export class VoiceModel {
  constructor({ voices, constants }, numbers) {
    let start = 0;
    for (const [name, rows, columns] of voices) {
      const row = () => [...numbers.subarray(start, (start += columns))];
      this[name] = Array.from({ length: rows }, row);
    }
    Object.assign(this, constants);
  }

  /** Return the states on the axes of voices. */
  project(embedding) {
    return this.transform.map((axis) => dot(axis, embedding));
  }

  /** Return whether the voice of one utterance is far from every training voice. */
  isUnlike(z) {
    const distances = minus(z, this.mean[0]).map((value, axis) => value ** 2 / this.variance[0][axis]);
    return dot(distances, distances.map(() => 1)) / z.length > this.usual[0][1];
  }

  /** Return what a voice adds to the score of each emotion, after some of its utterances. */
  adapt(utterances) {
    const { emotions, within, of_emotion: ofEmotion, of_voice: ofVoice } = this;
    const shown = emotions.map((_, row) => utterances.filter(({ meant }) => meant === row).map(({ z }) => z));
    const present = [...shown.keys()].filter((row) => shown[row].length);
    const seen = present.map((row) => minus(mean(shown[row]), emotions[row]));
    const ofMean = present.map((row) => inverse(added(ofEmotion, scaled(within, 1 / shown[row].length))));
    const left = inverse(added(inverse(ofVoice), ...ofMean));
    const voice = times(left, ofMean.map((each, place) => times(each, seen[place])).reduce(plus));
    const unknown = added(ofEmotion, left);
    let [offsets, covariance, weight] = [emotions.map(() => voice), unknown, this.evidence_of_one];
    if (present.length > 1) {
      const known = present.map((row, place) => {
        const gain = product(ofEmotion, ofMean[place]);
        offsets[row] = plus(voice, times(gain, minus(seen[place], voice)));
        const rest = added(unit(voice.length), scaled(gain, -1));
        return added(ofEmotion, scaled(product(gain, ofEmotion), -1), product(product(rest, left), transposed(rest)));
      });
      const all = added(...known, scaled(unknown, emotions.length - present.length));
      [covariance, weight] = [scaled(all, 1 / emotions.length), this.evidence];
    }
    const before = this.#discriminant(emotions, added(ofEmotion, ofVoice));
    const after = this.#discriminant(added(emotions, offsets), covariance);
    return after.map(({ weights, intercept }, row) => ({
      weights: minus(weights, before[row].weights).map((value) => weight * value),
      intercept: weight * (intercept - before[row].intercept),
    }));
  }

  #discriminant(means, covariance) {
    const precision = inverse(added(this.within, covariance));
    return means.map((each) => {
      const weights = times(precision, each);
      return { weights, intercept: -dot(each, weights) / 2 };
    });
  }

  /** Return how much better the other utterances explain each one than the average voice does. */
  coherence(utterances) {
    const { emotions, spread, of_voice: ofVoice } = this;
    const offsets = utterances.map(({ z, probabilities }) =>
      minus(z, times(transposed(emotions), softmax(logarithms(probabilities).map((score) => this.doubt * score)))),
    );
    const precision = inverse(spread);
    const left = inverse(added(inverse(ofVoice), scaled(precision, offsets.length - 1)));
    const [together, alone] = [inverted(added(spread, left)), inverted(added(spread, ofVoice))];
    const density = (normal, x) => -0.5 * (dot(x, times(normal.inverse, x)) + normal.logarithm);
    const gains = offsets.map((each) => {
      const expected = times(left, times(precision, minus(offsets.reduce(plus), each)));
      return density(together, minus(each, expected)) - density(alone, each);
    });
    return dot(gains, gains.map(() => 1)) / gains.length;
  }

  /** Return why adapting to these utterances does not help, or nothing. */
  whyNot(utterances) {
    const isRepeated = ({ meant }) => utterances.filter((each) => each.meant === meant).length > 1;
    const tested = utterances.filter(isRepeated);
    if (new Set(tested.map(({ meant }) => meant)).size < 2)
      return utterances.length > 1 && this.coherence(utterances) < 0 ? this.different_voices : "";
    const n = Math.min(tested.length, MOST_LEFT_OUT);
    const chosen = Array.from({ length: n }, (_, place) => tested[Math.floor((place * (tested.length - 1)) / (n - 1))]);
    const gains = chosen.map((out) => {
      const voice = this.adapt(utterances.filter((each) => each !== out));
      const [before, after] = [out.probabilities, adapted(out, voice)].map((shares) => logarithms(shares)[out.meant]);
      return [after - before, after + Math.log(this.emotions.length)];
    });
    const middle = mean(gains);
    const variance = gains.map((gain) => minus(gain, middle).map((value) => value ** 2)).reduce(plus);
    const least = middle.map((gain, place) => gain + Math.sqrt(variance[place] / (n - 1) / n));
    return Math.min(...least) < 0 ? this.different_labels : "";
  }
}

/** Return the probabilities of an utterance after getting used to a voice. */
export function adapted({ z, probabilities }, voice) {
  const gains = voice.map(({ weights, intercept }) => dot(weights, z) + intercept);
  return softmax(plus(logarithms(probabilities), gains));
}
