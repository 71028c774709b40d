// Mistakes: a clickable confusion matrix, and the utterances behind a cell.

/** An emotion as its marker and its name. */
function named(emotion, name = emotion.label) {
  return emotion.colour ? [mark(emotion), ` ${name}`] : [name];
}

/** A cell of the matrix: a button where there are utterances, darker (or brighter) the larger their share. */
function countCell(emotion, { predicted, count, share, name }, choose) {
  if (!count) return make("td", { class: "emotion-nothing" }, "0");
  const said = { "aria-label": name, title: name, style: `--share: ${share}` };
  const press = () => choose({ emotion, predicted });
  return make("td", {}, make("button", { type: "button", class: "emotion-count", click: press, ...said }, String(count)));
}

/** The matrix: acted emotions in rows, predicted in columns, recall at the end; `show` marks the chosen cell. */
function matrix(model, choose) {
  const head = model.get("columns").map((predicted) => make("th", { scope: "col" }, ...named(predicted)));
  const rows = model.get("rows").map((acted) => {
    const cells = acted.cells.map((cell) => countCell(acted.emotion, cell, choose));
    return make("tr", {}, make("th", { scope: "row" }, ...named(acted)), ...cells, make("td", {}, acted.recall));
  });
  const caption = make("caption", {}, "Acted in rows, predicted in columns; shaded by share of row. Choose a cell.");
  const first = make("tr", {}, make("td"), ...head, make("th", { scope: "col" }, "recall"));
  const table = make("table", { class: "emotion-grid emotion-matrix" }, caption, first, ...rows);
  table.addEventListener("keydown", (event) => walk(table, event));
  const show = ({ name }) => {
    for (const button of table.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", button.ariaLabel === name);
      button.tabIndex = button.ariaLabel === name ? 0 : -1;
    }
  };
  return { element: make("div", { class: "emotion-scroll" }, table), show };
}

/** The probabilities of an utterance as small bars above their markers, with all of them in words as a tooltip. */
function bars(shares) {
  const words = shares.map(({ label, percent }) => `${label} ${percent}`).join(", ");
  const columns = shares.map((each) => {
    const bar = make("span", { style: `background: ${each.colour}; height: ${100 * each.share}%` });
    return make("span", {}, make("span", { class: "emotion-column" }, bar), mark(each));
  });
  return make("span", { class: "emotion-profile", role: "img", "aria-label": words, title: words }, ...columns);
}

/** The three highest probabilities in words, and those of the acted and the predicted emotion, marked as such. */
function figures(shares, chosen) {
  const sorted = shares.toSorted((one, other) => other.share - one.share);
  const role = ({ emotion }) =>
    ["acted", "predicted"].filter((_, place) => emotion === [chosen.emotion, chosen.predicted][place]).join(", ");
  const told = sorted.filter((each, place) => place < 3 || role(each));
  return told.map((each) => {
    const figure = `${each.label} ${each.percent}${role(each) && ` (${role(each)})`}`;
    return make("span", {}, ...named(each, figure));
  });
}

/** An utterance of the list. */
function item({ number, name, source, confidence, bars: shares }, chosen, press) {
  const button = make("button", { type: "button", class: "emotion-play", value: number, click: () => press(number) });
  button.dataset.name = name;
  const told = figures(shares, chosen);
  if (confidence) told.push(make("span", {}, `confidence ${confidence}`));
  const profile = shares.length ? [bars(shares)] : [];
  const words = make("span", { class: "emotion-figures" }, ...told);
  return make("li", {}, button, make("span", { class: "emotion-name", title: source }, name), ...profile, words);
}

/** The recording that was requested last, with its sound and picture as soon as they arrive. */
function stage(model, signal) {
  const player = soundView(signal);
  const kernel = questions(model, signal);
  const { audio } = player;
  const caption = make("p", { class: "emotion-heading" });
  player.element.prepend(caption);
  let [wanted, shown] = [null, null];
  const change = () => audio.dispatchEvent(new Event("turn"));
  const stop = () => {
    [wanted, shown] = [null, null];
    player.show({});
    change();
  };
  const press = (number) => {
    if (number === shown) return audio.paused ? play(audio) : audio.pause();
    audio.pause();
    wanted = number;
    kernel.ask({ do: "play", number });
    change();
  };
  const arrive = (message, buffers) => {
    // Each view of the widget gets every message, and a slow answer may come after another cell was pressed.
    if (message.do !== "sound" || message.number !== wanted || wanted === shown) return;
    const [sound, picture] = buffers;
    if (!sound.byteLength) return stop();
    shown = wanted;
    caption.textContent = message.caption;
    player.show({ ...message, sound, picture, alt: `Waveform and spectrogram: ${message.caption}` });
    play(audio);
  };
  const inView = () => player.element.scrollIntoView({ block: "nearest" });
  player.element.querySelector("img").addEventListener("load", inView, { signal });
  model.on("msg:custom", arrive);
  signal.addEventListener("abort", () => model.off("msg:custom", arrive));
  stop();
  return { element: make("div", {}, kernel.notice, player.element), audio, press, stop, current: () => wanted };
}

/** The list of the utterances behind the cell, with a heading and a button for more. */
function utteranceList(model, sounds) {
  const heading = make("p", { class: "emotion-heading", role: "status" });
  const list = make("ol", { class: "emotion-list" });
  const ask = () => {
    asked = true;
    model.send({ do: "more" });
  };
  const more = make("button", { type: "button", click: ask });
  let [asked, first] = [false, null];
  const relabel = () => {
    for (const button of list.querySelectorAll("button")) {
      const isCurrent = Number(button.value) === sounds.current();
      const plays = isCurrent && !sounds.audio.paused;
      button.textContent = plays ? "❚❚" : "▶";
      button.ariaLabel = `${plays ? "Pause" : "Play"} ${button.dataset.name}`;
      button.parentElement.ariaCurrent = isCurrent;
    }
  };
  const show = () => {
    const [chosen, utterances] = [model.get("chosen"), model.get("utterances")];
    heading.textContent = `${chosen.name}, ${chosen.order}`;
    if (utterances[0]?.number !== first) list.replaceChildren();
    first = utterances[0]?.number;
    const added = utterances.slice(list.children.length).map((each) => item(each, chosen, sounds.press));
    list.append(...added);
    relabel();
    if (asked) added[0]?.querySelector("button").focus();
    asked = false;
    const left = chosen.count - utterances.length;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, model.get("at_once"))} more of ${chosen.count}`;
  };
  return { element: make("div", {}, heading, list, more), show, relabel };
}

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const sounds = stage(model, signal);
  const grid = matrix(model, (cell) => model.send({ do: "choose", ...cell }));
  const list = utteranceList(model, sounds);
  for (const event of ["play", "pause", "ended", "turn"])
    sounds.audio.addEventListener(event, list.relabel, { signal });
  follow(model, signal, ["chosen"], () => {
    sounds.stop();
    grid.show(model.get("chosen"));
  });
  follow(model, signal, ["utterances"], list.show);
  const isEmpty = !model.get("rows").length;
  grid.element.hidden = list.element.hidden = isEmpty;
  el.append(grid.element, sentence(model, signal), list.element, sounds.element);
}

export default { render };
