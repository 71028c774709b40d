// What the page shows of an answer: its sentence and bars, the strip of a timeline, the row of a table.

/** Make an element: tag, attributes (functions become listeners), children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const percent = (share) => `${Math.round(100 * share)} %`;

/** Return seconds as a time that people read: 83.25 is 1:23. */
export function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The corners of the emotions' markers by their letters in matplotlib; "o" is a circle and has none. */
const CORNERS = {
  s: "2,2 14,2 14,14 2,14",
  D: "8,0.5 15.5,8 8,15.5 0.5,8",
  "^": "8,1.5 15,14.5 1,14.5",
  v: "8,14.5 15,1.5 1,1.5",
  X: "4.5,1 8,4.5 11.5,1 15,4.5 11.5,8 15,11.5 11.5,15 8,11.5 4.5,15 1,11.5 4.5,8 1,4.5",
  P: "5.5,1 10.5,1 10.5,5.5 15,5.5 15,10.5 10.5,10.5 10.5,15 5.5,15 5.5,10.5 1,10.5 1,5.5 5.5,5.5",
};

/** Draw the marker of an emotion, {colour, marker}; screen readers read the name beside it. */
export function mark({ colour, marker }) {
  const draw = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    return element;
  };
  const shape = CORNERS[marker] ? draw("polygon", { points: CORNERS[marker] }) : draw("circle", { cx: 8, cy: 8, r: 7 });
  shape.setAttribute("fill", colour);
  const picture = draw("svg", { viewBox: "0 0 16 16", class: "mark", "aria-hidden": "true" });
  picture.append(shape);
  return picture;
}

const NOTHING = {
  silence: "I don’t know: the recording is silent. Is the microphone muted, or is a different one selected?",
  "no speech": "I don’t know: there is no speech in the recording.",
  "too little speech": "I don’t know: there is less than half a second of speech.",
};

/** Return whether somebody speaks, so that the probabilities mean something. */
export const hasSpeech = (answer) => !(answer.reason in NOTHING);

/** Return an answer in at most three words. */
export function headline(answer) {
  return answer.reason in NOTHING ? answer.reason : answer.reason ? "I don’t know" : answer.emotion;
}

/** Return an answer as a sentence, with the reason if it is "I don't know". */
export function sentence(answer, about) {
  if (!hasSpeech(answer)) return NOTHING[answer.reason];
  const share = Math.max(...answer.probabilities);
  const emotion = about.emotions[answer.probabilities.indexOf(share)];
  if (!answer.reason) return `Predicted: ${emotion}, ${percent(share)}.`;
  return `I don’t know: the most probable emotion is ${emotion}, at ${percent(share)}, and I need at least ${percent(about.threshold)} to answer.`;
}

/** Fill the table with the probability of each emotion as a bar, and a line for the threshold. */
export function showBars(table, answer, about) {
  const spoken = hasSpeech(answer);
  table.querySelector("caption").textContent = `Probability of each emotion; the line is at ${percent(about.threshold)}, below which the answer is “I don’t know”`;
  table.querySelector("tbody").replaceChildren(
    ...about.emotions.map((emotion, row) => {
      const [style, share] = [about.styles[row], spoken ? answer.probabilities[row] : 0];
      const filled = make("div", { class: "bar" });
      filled.style.background = style.colour;
      filled.style.width = `${100 * share}%`;
      const line = make("div", { class: "threshold" });
      line.style.left = `${100 * about.threshold}%`;
      const name = make("th", { scope: "row" }, mark(style), ` ${emotion}`);
      const track = make("td", { class: "track", "aria-hidden": "true" }, filled, line);
      const number = make("td", { class: "share" }, spoken ? percent(share) : "–");
      return make("tr", { class: emotion === answer.emotion ? "is-answer" : null }, name, track, number);
    }),
  );
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

/** Return a table as the text of a CSV file. */
export function csv(rows) {
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quoted(String(value))).join(",")).join("\r\n") + "\r\n";
}
