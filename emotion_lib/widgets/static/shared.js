// What all widgets share: making elements, following traits, and a player with a cursor.

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

/** Call `show` now and whenever one of the traits changes, until the view goes away (its `signal`). */
function follow(model, signal, traits, show) {
  const events = traits.map((trait) => `change:${trait}`).join(" ");
  model.on(events, show);
  signal.addEventListener("abort", () => model.off(events, show));
  show();
}

/** Return the address of some bytes, which a view gives back when it goes away; empty for none. */
function address(bytes, type) {
  return bytes && bytes.byteLength ? URL.createObjectURL(new Blob([bytes], { type })) : "";
}

/** The sentence of a widget, which screen readers read when it changes. */
function sentence(model, signal) {
  const element = make("p", { role: "status", class: "emotion-says" });
  follow(model, signal, ["says"], () => {
    element.textContent = model.get("says");
    element.hidden = !element.textContent;
  });
  return element;
}

/** Send a message, and return whether there is a kernel to take it: a restarted one knows no widget of before. */
function tell(model, message, buffers) {
  try {
    model.send(message, undefined, buffers);
    return true;
  } catch {
    return false;
  }
}

/** The sentence for a kernel that does not answer. */
const NO_ANSWER = "The kernel does not answer. It may be busy with a cell; if it was restarted, run this cell again.";
const ANSWER_WITHIN = 1000; // milliseconds

/**
 * Questions to the kernel: `ask(message)`, and the `notice` that says so where no answer comes.
 *
 * A notebook that is opened again, or a page that was made of one, has widgets whose kernel is gone.
 */
function questions(model, signal) {
  const notice = make("p", { role: "status", class: "emotion-notice", hidden: true });
  let patience = 0;
  const say = (words) => {
    clearTimeout(patience);
    notice.textContent = words;
    notice.hidden = !words;
  };
  const ask = (message) => {
    say("");
    if (tell(model, message)) patience = setTimeout(say, ANSWER_WITHIN, NO_ANSWER);
    else say(NO_ANSWER);
  };
  const answered = () => say("");
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => {
    clearTimeout(patience);
    model.off("msg:custom", answered);
  });
  return { ask, notice };
}

/** Whether a key was pressed together with one that makes it a shortcut of the browser or of JupyterLab. */
function isShortcut(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** Keys that are pressed inside a widget are its own, but for shortcuts such as Ctrl+S. */
function keepKeys(el, signal) {
  el.addEventListener("keydown", (event) => isShortcut(event) || event.stopPropagation(), { signal });
}

/** Corners of the markers of emotions, by matplotlib's letters; "o" is a circle. */
const CORNERS = {
  s: "2,2 14,2 14,14 2,14",
  D: "8,0.5 15.5,8 8,15.5 0.5,8",
  "^": "8,1.5 15,14.5 1,14.5",
  v: "8,14.5 15,1.5 1,1.5",
  X: "4.5,1 8,4.5 11.5,1 15,4.5 11.5,8 15,11.5 11.5,15 8,11.5 4.5,15 1,11.5 4.5,8 1,4.5",
  P: "5.5,1 10.5,1 10.5,5.5 15,5.5 15,10.5 10.5,10.5 10.5,15 5.5,15 5.5,10.5 1,10.5 1,5.5 5.5,5.5",
  h: "8,0.5 14.5,4.2 14.5,11.8 8,15.5 1.5,11.8 1.5,4.2",
  "*": "8,0.5 9.8,5.9 15.5,5.9 10.9,9.3 12.6,14.8 8,11.5 3.4,14.8 5.1,9.3 0.5,5.9 6.2,5.9",
};

/** The marker of an emotion, {colour, marker}, as figures have it; its name stands beside it. */
function mark({ colour, marker }) {
  const draw = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    return element;
  };
  const points = CORNERS[marker];
  const svg = draw("svg", { viewBox: "0 0 16 16", class: "emotion-mark", "aria-hidden": "true", fill: colour });
  svg.append(points ? draw("polygon", { points }) : draw("circle", { cx: 8, cy: 8, r: 7 }));
  return svg;
}

/** A labelled list; `offer(options, value)` says what is in it, and `chosen(option)` is called when one is taken. */
function choice(name, label, chosen) {
  let offered = [];
  const select = make("select", { name, change: () => chosen(offered[select.selectedIndex]) });
  const offer = (options, value) => {
    if (JSON.stringify(options) !== JSON.stringify(offered))
      select.replaceChildren(...options.map((option) => make("option", {}, String(option))));
    offered = options;
    select.selectedIndex = options.indexOf(value);
  };
  return { element: make("label", { class: "emotion-choice" }, `${label} `, select), offer };
}

/** Let the arrow keys go from button to button of a table. */
function walk(table, event) {
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [];
  const here = event.target.closest("td");
  if (down === undefined || !here) return;
  event.preventDefault();
  let [row, column] = [here.parentElement.rowIndex, here.cellIndex];
  let button;
  do {
    [row, column] = [row + down, column + right];
    button = table.rows[row]?.cells[column]?.querySelector("button");
  } while (!button && table.rows[row]?.cells[column]);
  button?.focus();
}

/** Call `show` at every picture of the screen while `audio` plays, and whenever its place changes otherwise. */
function followSound(audio, show, signal) {
  let next = 0;
  const move = () => {
    show();
    next = audio.paused ? 0 : requestAnimationFrame(move);
  };
  for (const event of ["play", "seeked", "ended", "loadedmetadata"])
    audio.addEventListener(event, () => next || move(), { signal });
}

/** Start `audio`; another sound that comes before it has begun is no error. */
function play(audio) {
  audio.play().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
}

/**
 * A picture of an utterance with the audio element that plays it; a cursor shows where it is.
 *
 * `show({sound, picture, left, right, alt})` takes WAV and PNG bytes, and where in the picture time begins and ends, as
 * shares of its width; without a sound there is nothing to see. Clicking into the picture goes there. Nothing plays by
 * itself.
 */
function soundView(signal) {
  const audio = make("audio", { controls: true, preload: "auto", "aria-label": "Recording" });
  const image = make("img", { class: "emotion-picture" });
  const cursor = make("div", { class: "emotion-cursor", "aria-hidden": "true" });
  const frame = make("div", { class: "emotion-frame" }, image, cursor);
  const element = make("div", {}, audio, frame);
  let [left, right] = [0, 1];
  const place = () => {
    const share = audio.duration ? audio.currentTime / audio.duration : 0;
    cursor.style.left = `${100 * (left + share * (right - left))}%`;
  };
  followSound(audio, place, signal);
  const goThere = (event) => {
    const box = image.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width - left) / (right - left);
    if (audio.duration) audio.currentTime = Math.min(Math.max(share, 0), 1) * audio.duration;
  };
  frame.addEventListener("click", goThere, { signal });
  const giveBack = () => {
    for (const each of [audio, image]) {
      URL.revokeObjectURL(each.src);
      each.removeAttribute("src");
    }
    audio.load(); // else what is no longer there plays on
  };
  signal.addEventListener("abort", giveBack);
  const show = (utterance) => {
    giveBack();
    element.hidden = !utterance.sound?.byteLength;
    if (element.hidden) return;
    ({ left, right } = utterance);
    audio.src = address(utterance.sound, "audio/wav");
    image.src = address(utterance.picture, "image/png");
    image.alt = utterance.alt;
    place();
  };
  return { element, audio, show };
}

/**
 * The recording that a widget shows: asked for now, and whenever its number changes. No recording is a trait of the
 * model, since traits are saved in notebooks.
 *
 * `arrived(isThere)` is called when one has come, with whether it can be played.
 */
function recordingView(model, signal, arrived = () => {}) {
  const player = soundView(signal);
  const kernel = questions(model, signal);
  let shown = -1;
  const arrive = (message, [sound, picture] = []) => {
    if (message.do !== "recording" || message.number === shown) return;
    shown = message.number;
    player.show({ ...message, sound, picture });
    arrived(sound.byteLength > 0);
  };
  model.on("msg:custom", arrive);
  signal.addEventListener("abort", () => model.off("msg:custom", arrive));
  player.show({});
  follow(model, signal, ["number"], () => kernel.ask({ do: "show" }));
  return { element: make("div", {}, kernel.notice, player.element), audio: player.audio };
}
