// The code that all widgets share: follow traits, and play sound with a cursor.

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

/** What makes screen readers read an element when it changes; they may overlook one that was hidden before. */
const POLITE = { role: "status", "aria-live": "polite" };

/** The sentence of a widget. */
function sentence(model, signal) {
  const element = make("p", { ...POLITE, class: "emotion-says" });
  follow(model, signal, ["says"], () => (element.textContent = model.get("says")));
  return element;
}

/** A place out of sight for what screen readers shall read: `say(words)`. */
function announcer() {
  const element = make("p", { ...POLITE, class: "emotion-spoken" });
  return { element, say: (words) => (element.textContent = words) };
}

/** A group with a name for screen readers. */
function group(label, attributes = {}, ...children) {
  return make("div", { role: "group", "aria-label": label, ...attributes }, ...children);
}

/** A button that keeps the focus while it cannot be used; a disabled one would lose it to the shortcuts of JupyterLab. */
function button(attributes, press, ...children) {
  const element = make("button", { type: "button", ...attributes }, ...children);
  element.addEventListener("click", () => element.ariaDisabled === "true" || press());
  return element;
}

/** Let a button be used or not. */
function enable(element, isOn) {
  element.ariaDisabled = String(!isOn);
}

/** Show an element or hide it; if the focus was in it, `other` gets the focus. */
function hide(element, isHidden, other) {
  const hadFocus = element.contains(document.activeElement);
  element.hidden = isHidden;
  if (isHidden && hadFocus) other.focus();
}

/** Return whether a key is part of a shortcut of the browser or of JupyterLab. */
function isShortcut(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** Keep the keys pressed in a widget from JupyterLab, which binds actions to letters, but not shortcuts like Ctrl+S. */
function keepKeys(el, signal) {
  el.addEventListener("keydown", (event) => isShortcut(event) || event.stopPropagation(), { signal });
}

/**
 * Begin the view of a widget: a group with a name, which gets the focus after a click, and so the keys. It is late if it
 * comes from the state that a notebook saved, with no kernel behind it: then the picture below it stays.
 */
function begin(el, name, signal) {
  el.classList.add("emotion-widget");
  el.classList.toggle("emotion-late", el.classList.contains("jupyter-widgets-disconnected"));
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", name);
  el.tabIndex = -1;
  keepKeys(el, signal);
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
  const element = make("label", { class: "emotion-choice" }, `${label} `, select);
  return { element, name, offer, value: () => offered[select.selectedIndex] };
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
  const element = group("Recording", { tabindex: -1 }, audio, soundNotice(audio, signal), frame);
  soundKeys(audio, element, signal);
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
 * The recording of a widget: the view requests it now if there is one, and whenever its number changes. It is not a trait
 * of the model, since traits are saved in notebooks.
 *
 * `arrived(isThere)` is called when a recording arrives; `isThere` says whether it can be played.
 */
function recordingView(model, signal, kernel, arrived = () => {}) {
  const player = soundView(signal);
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
  const request = () => model.get("number") >= 0 && kernel.ask({ do: "show" }, { what: "the recording" });
  follow(model, signal, ["number"], request);
  return player;
}
