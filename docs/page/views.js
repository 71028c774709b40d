// What the page shows of an answer: its sentence and bars, the strip of a timeline, the row of a table.

import { drawn, make, mark, percent, predicted } from "./shared.js";

const LITTLE = 0.05; // a part has not decided if the probability falls by less than these 5 points without it

/** Return whether somebody speaks, so that the probabilities mean something. */
export const hasSpeech = (answer) => ["", "unsure"].includes(answer.reason);

/** Return an answer in at most three words. */
export function headline(answer) {
  return hasSpeech(answer) ? (answer.reason ? "I don't know" : answer.emotion) : answer.reason;
}

/** Return an answer as a sentence, with the reason if it is "I don't know". */
function sentence(answer, about) {
  if (!hasSpeech(answer)) return about.nothing[answer.reason];
  const share = Math.max(...answer.probabilities);
  const emotion = about.emotions[answer.probabilities.indexOf(share)];
  if (!answer.reason) return `Predicted: ${emotion}, ${percent(share)}.`;
  const [best, needed] = [percent(share), percent(about.threshold)];
  const has = best === needed ? `just under ${best}` : best;
  return `I don't know: the most probable emotion is ${emotion}, at ${has}, and I need at least ${needed} to answer.`;
}

/** Return an answer in the form in which the widgets show one; `more` is added to its sentence. */
export function inFull(answer, about, more = "") {
  return {
    emotion: answer.emotion,
    headline: headline(answer),
    sentence: [sentence(answer, about) + more, ...(answer.notes ?? [])].join(" "),
    warning: answer.warning && `Careful: ${answer.warning}. Trust the answer less, even if its probability is high.`,
    threshold: about.threshold,
    has_speech: hasSpeech(answer),
    bars: about.styles.map((style, row) => ({ ...style, probability: answer.probabilities[row] })),
  };
}

/** Draw a waveform, and below it how much each piece spoke for the answer; return in words which piece decided. */
export function showWeights(picture, { emotion, probability, pieces, peaks, seconds }, about) {
  const name = about.emotions[emotion];
  const drops = pieces.map(({ drop }) => drop);
  const [most, least] = [Math.max(LITTLE, ...drops), Math.min(0, ...drops)];
  const down = (drop) => 45 + (55 * (most - drop)) / (most - least);
  const across = (time) => (100 * time) / seconds;
  const bar = ({ start, end, drop }) => {
    const [top, bottom] = [down(Math.max(drop, 0)), down(Math.min(drop, 0))];
    const fill = drop > 0 && { fill: about.styles[emotion].colour };
    return drawn("rect", { x: across(start), y: top, width: across(end - start), height: bottom - top, ...fill });
  };
  const loudest = Math.max(...peaks, 1e-38);
  const side = (sign) => peaks.map((peak, n) => `${(100 * n) / peaks.length},${20 + (sign * 20 * peak) / loudest}`);
  const points = [...side(-1), ...side(1).reverse()].join(" ");
  const line = drawn("rect", { x: 0, y: down(0), width: 100, height: 0.5 });
  picture.replaceChildren(drawn("polygon", { points }), ...pieces.map(bar), line);
  const told = pieces.map(({ start, drop }) => `${start.toFixed(1)} s: ${(100 * drop).toFixed(0)}`).join(", ");
  picture.setAttribute("aria-label", `Fall of the probability of ${name} without each part, in points: ${told}`);
  const { start, end, drop } = pieces.find((piece) => piece.drop === Math.max(...drops));
  if (drop < LITTLE) return `No single part decided: without any one, ${name} loses less than 5 points of probability.`;
  const where = `${start.toFixed(1)} to ${end.toFixed(1)} seconds`;
  const fall = `from ${percent(probability)} to ${percent(probability - drop)}`;
  return `Most decisive for ${name}: ${where}. Without this part, its probability falls ${fall}.`;
}

/** Fill the table of the sentences that somebody said; `hear(result)` shows one, `remove(sentence)` takes it out. */
export function showSaid(table, said, about, hear, remove) {
  table.hidden = !said.length;
  const lines = said.map((each) => {
    const emotion = about.emotions[each.meant];
    const cell = (answer) => make("td", {}, ...predicted(answer && inFull(answer, about), emotion));
    const name = `${emotion}: ${each.words}`;
    const act = (click, words) => make("button", { type: "button", click, "aria-label": `${words} ${name}` }, words);
    const played = () => hear({ ...each, name, stretches: [], answer: each.after ?? each.before });
    const meant = make("th", { scope: "row" }, mark(about.styles[each.meant]), ` ${emotion}`);
    const acts = make("td", {}, act(played, "Hear"), " ", act(() => remove(each), "Remove"));
    return make("tr", {}, meant, cell(each.before), cell(each.after), acts);
  });
  table.tBodies[0].replaceChildren(...lines);
}
