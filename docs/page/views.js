// What the page shows of an answer: its sentence and bars, the strip of a timeline, the row of a table.

import { make, mark, percent, predicted } from "./shared.js";

/** Return seconds as a time that people read: 83.25 is 1:23. */
export const clock = (seconds) => new Date(1000 * seconds).toISOString().slice(11, 19).replace(/^(00:)?0?/, "");

/** Return whether somebody speaks, so that the probabilities mean something. */
export const hasSpeech = (answer) => ["", "unsure"].includes(answer.reason);

/** Return an answer in at most three words. */
export function headline(answer) {
  return hasSpeech(answer) ? (answer.reason ? "I don’t know" : answer.emotion) : answer.reason;
}

/** Return an answer as a sentence, with the reason if it is "I don't know". */
export function sentence(answer, about) {
  if (!hasSpeech(answer)) return about.nothing[answer.reason];
  const share = Math.max(...answer.probabilities);
  const emotion = about.emotions[answer.probabilities.indexOf(share)];
  if (!answer.reason) return `Predicted: ${emotion}, ${percent(share)}.`;
  return `I don’t know: the most probable emotion is ${emotion}, at ${percent(share)}, and I need at least ${percent(about.threshold)} to answer.`;
}

/** Return an answer in the form in which the widgets show one; `more` is added to its sentence. */
export function inFull(answer, about, more = "") {
  const careful = `Careful: ${answer.warning}. Trust the answer less, even if its probability is high.`;
  return {
    emotion: answer.emotion,
    headline: headline(answer),
    sentence: sentence(answer, about) + more,
    warning: answer.warning && careful,
    threshold: about.threshold,
    has_speech: hasSpeech(answer),
    bars: about.emotions.map((emotion, row) => ({ emotion, ...about.styles[row], probability: answer.probabilities[row] })),
  };
}

/** Join rows of a timeline that follow each other with the same answer. */
export function stretches(rows) {
  const joined = [];
  for (const row of rows) {
    const last = joined.at(-1);
    if (last && last.emotion === row.emotion && last.reason === row.reason) last.end = row.end;
    else joined.push({ ...row });
  }
  return joined;
}

/** Fill the strip with a button for each stretch, as wide as it is long; `go(start)` plays from there. */
export function showStrip(strip, rows, about, go) {
  const total = rows.at(-1)?.end ?? 1;
  strip.replaceChildren(
    ...stretches(rows).map((stretch) => {
      const style = about.styles[about.emotions.indexOf(stretch.emotion)];
      const words = `${clock(stretch.start)} to ${clock(stretch.end)}: ${headline(stretch)}`;
      const button = make("button", { type: "button", title: words, "aria-label": words, click: () => go(stretch.start) });
      button.style.flexGrow = (stretch.end - stretch.start) / total;
      if (style) button.append(mark(style));
      button.style.borderTopColor = style?.colour ?? "transparent";
      return button;
    }),
  );
}

/** Fill the table of the sentences that somebody said; `hear(result)` shows one, `remove(sentence)` takes it out. */
export function showSaid(table, said, about, hear, remove) {
  table.hidden = !said.length;
  const lines = said.map((each) => {
    const emotion = about.emotions[each.meant];
    const cell = (answer) => make("td", {}, ...predicted(answer && inFull(answer, about), emotion));
    const name = `${emotion}: ${each.words}`;
    const act = (click, words) => make("button", { type: "button", click, "aria-label": `${words} ${name}` }, words);
    const played = () => hear({ ...each, name, rows: [], answer: each.after ?? each.before });
    const meant = make("th", { scope: "row" }, mark(about.styles[each.meant]), ` ${emotion}`);
    const acts = make("td", {}, act(played, "Hear"), " ", act(() => remove(each), "Remove"));
    return make("tr", {}, meant, cell(each.before), cell(each.after), acts);
  });
  table.tBodies[0].replaceChildren(...lines);
}

/** Return a table as the text of a CSV file. */
export function csv(rows) {
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quoted(String(value))).join(",")).join("\r\n") + "\r\n";
}
