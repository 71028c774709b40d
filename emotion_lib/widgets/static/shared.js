// The code that all widgets share: make elements, follow traits, and play sound with a cursor.

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

/** Call `show` now and whenever one of the traits changes, until the view is removed (its `signal`). */
function follow(model, signal, traits, show) {
  const events = traits.map((trait) => `change:${trait}`).join(" ");
  model.on(events, show);
  signal.addEventListener("abort", () => model.off(events, show));
  show();
}

/** Return a URL for some bytes, or an empty text without bytes; the view revokes the URL when it is removed. */
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

/** Send a message, and return whether a kernel receives it; a restarted kernel has no record of the old widgets. */
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
 * Requests to the kernel: `ask(message)`, and a `notice` that appears if no answer comes.
 *
 * There is no kernel when a notebook is opened again, or on a page that was made from it.
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

/** Return whether a key is part of a shortcut of the browser or of JupyterLab. */
function isShortcut(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** Keep the keys pressed in a widget from JupyterLab, which binds actions to letters, but not shortcuts like Ctrl+S. */
function keepKeys(el, signal) {
  // A view from the state that a notebook saved has no kernel behind it, and does not hide the picture below it.
  el.classList.toggle("emotion-late", el.classList.contains("jupyter-widgets-disconnected"));
  el.addEventListener("keydown", (event) => isShortcut(event) || event.stopPropagation(), { signal });
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

/** A labelled list; `offer(options, value)` sets its options, and `chosen(option)` is called with the chosen one. */
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

/** Move between the buttons of a table with the arrow keys. */
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

/** Call `show` for every frame of the screen while `audio` plays, and whenever its position changes otherwise. */
function followSound(audio, show, signal) {
  let next = 0;
  const move = () => {
    show();
    next = audio.paused ? 0 : requestAnimationFrame(move);
  };
  for (const event of ["play", "seeked", "ended", "loadedmetadata"])
    audio.addEventListener(event, () => next || move(), { signal });
}

/** Start `audio`; it is not an error if another sound replaces it before it has begun. */
function play(audio) {
  audio.play().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
}

/**
 * A picture of an utterance with the audio element that plays it; a cursor shows the position.
 *
 * `show({sound, picture, left, right, alt})` takes WAV and PNG bytes, and the start and the end of the time axis as
 * shares of the width of the picture; without a sound it shows nothing. `redraw` replaces the picture while it plays.
 * A click on the picture moves the position. Nothing plays by itself.
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
    audio.load(); // otherwise the removed sound would go on playing
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
  const redraw = (message, picture) => {
    ({ left, right } = message);
    URL.revokeObjectURL(image.src);
    image.src = address(picture, "image/png");
    image.alt = message.alt;
    place();
  };
  return { element, audio, show, redraw };
}

/**
 * The recording of a widget: the view requests it now, and whenever its number changes. It is not a trait of the model,
 * since traits are saved in notebooks.
 *
 * `arrived(isThere)` is called when a recording arrives; `isThere` says whether it can be played.
 */
function recordingView(model, signal, arrived = () => {}) {
  const player = soundView(signal);
  const kernel = questions(model, signal);
  let shown = -1;
  const arrive = (message, [sound, picture] = []) => {
    if (message.do === "explained" && message.number === shown) player.redraw(message, sound);
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
