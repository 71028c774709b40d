// What the widgets share with the page in the browser: elements, and the markers of emotions.

/** Make an element: tag, attributes (functions become listeners), children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Return a share as a whole number of per cent. */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** The corners of the emotion markers by their letter in matplotlib; "o" is a circle and has none. */
const CORNERS = {
  s: "2,2 14,2 14,14 2,14",
  D: "8,0.5 15.5,8 8,15.5 0.5,8",
  "^": "8,1.5 15,14.5 1,14.5",
  v: "8,14.5 15,1.5 1,1.5",
  X: "4.5,1 8,4.5 11.5,1 15,4.5 11.5,8 15,11.5 11.5,15 8,11.5 4.5,15 1,11.5 4.5,8 1,4.5",
  P: "5.5,1 10.5,1 10.5,5.5 15,5.5 15,10.5 10.5,10.5 10.5,15 5.5,15 5.5,10.5 1,10.5 1,5.5 5.5,5.5",
  "<": "1.5,8 14.5,1 14.5,15",
  ">": "14.5,8 1.5,1 1.5,15",
  p: "8,0.5 15.1,5.7 12.4,14.1 3.6,14.1 0.9,5.7",
  d: "8,0.5 12.5,8 8,15.5 3.5,8",
  8: "5.1,1 10.9,1 15,5.1 15,10.9 10.9,15 5.1,15 1,10.9 1,5.1",
  H: "0.5,8 4.2,1.5 11.8,1.5 15.5,8 11.8,14.5 4.2,14.5",
  h: "8,0.5 14.5,4.2 14.5,11.8 8,15.5 1.5,11.8 1.5,4.2",
  "*": "8,0.5 9.8,5.9 15.5,5.9 10.9,9.3 12.6,14.8 8,11.5 3.4,14.8 5.1,9.3 0.5,5.9 6.2,5.9",
};

/** Draw the marker of an emotion, {colour, marker}, as in the figures; screen readers read the name beside it. */
function mark({ colour, marker }) {
  const points = CORNERS[marker];
  const svg = drawn("svg", { viewBox: "0 0 16 16", class: "emotion-mark", "aria-hidden": "true", fill: colour });
  svg.append(points ? drawn("polygon", { points }) : drawn("circle", { cx: 8, cy: 8, r: 7 }));
  return svg;
}

/** Make an element of an SVG. */
function drawn(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
}

/** Return seconds as a time that people read, with tenths: 83.25 is 1:23.2. */
function clock(seconds) {
  const tenths = Math.floor(10 * seconds + 1e-6);
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1);
  return `${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${rest.padStart(4, "0")}`;
}

/** Return a name that wraps after hyphens, underscores and dots before it wraps anywhere else. */
function wrapped(name) {
  return name.split(/(?<=[-_.])/).flatMap((part) => [part, make("wbr")]);
}

/** Download a file; `content` is a list of its parts. */
function download(name, content) {
  const link = make("a", { href: URL.createObjectURL(new Blob(content)), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // not at once: the browser may still be reading it
}

/** Return a table as the text of a CSV file. */
function csv(rows) {
  const inert = (value) => value.replace(/^[=+@\t-]/, "'$&"); // a spreadsheet would take it for a formula
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quoted(inert(String(value)))).join(",")).join("\r\n") + "\r\n";
}

/**
 * Fill `strip` with a button for each stretch of a recording, {start, end, said, colour, marker}, as wide as it is long,
 * and `axis` with times. `go(start)` plays from there; arrow keys go from one button to the next.
 */
function showStrip(strip, axis, stretches, go) {
  const buttons = stretches.map(({ start, end, said, colour, marker }) => {
    const words = `${clock(start)} to ${clock(end)}: ${said}`;
    const attributes = { type: "button", title: words, "aria-label": words, "data-said": said, click: () => go(start) };
    const button = make("button", attributes, ...(colour ? [mark({ colour, marker })] : []));
    button.style.flexGrow = end - start;
    button.style.borderTopColor = colour ?? "transparent";
    return button;
  });
  strip.replaceChildren(...buttons);
  strip.onkeydown = ({ key, target }) =>
    ({ ArrowLeft: target.previousSibling, ArrowRight: target.nextSibling })[key]?.focus();
  const times = [0, 1, 2, 3].map((quarter) => clock((quarter * (stretches.at(-1)?.end ?? 0)) / 4));
  axis.replaceChildren(...times.map((time) => make("span", {}, time)));
}
