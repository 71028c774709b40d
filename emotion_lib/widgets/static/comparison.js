// The comparison: a list of texts, and a grid of emotions and speakers in which each cell plays.

/** Scroll a cell into view in a grid that is wider than the page. */
function bringIntoView(button) {
  const scroll = button.closest(".emotion-scroll");
  scroll.scrollLeft = button.parentElement.offsetLeft - scroll.clientWidth / 2;
}

/**
 * The player of the cells, {number, button}: it plays one at a time, and requests each sound just before it plays.
 *
 * Its audio element gets a "turn" when `current` changes.
 */
function stage(model, signal, kernel) {
  const audio = make("audio", { hidden: true, preload: "auto" });
  const cursor = make("div", { class: "emotion-cursor", "aria-hidden": "true" });
  let [wanted, rest] = [null, []];
  const silence = () => {
    audio.pause();
    URL.revokeObjectURL(audio.src);
    audio.removeAttribute("src");
    cursor.remove();
    wanted?.button.setAttribute("aria-pressed", "false");
    wanted = null;
  };
  const next = () => {
    silence();
    wanted = rest.shift() ?? null;
    audio.dispatchEvent(new Event("turn"));
    if (!wanted) return;
    wanted.button.setAttribute("aria-pressed", "true");
    if (rest.length) bringIntoView(wanted.button); // a single cell that was pressed is in view already
    kernel.ask({ do: "play", number: wanted.number });
  };
  const arrive = (message, [sound]) => {
    if (message.do !== "sound" || message.number !== wanted?.number || audio.src) return;
    if (!sound.byteLength) return next();
    audio.src = address(sound, "audio/wav");
    wanted.button.append(cursor);
    play(audio);
  };
  const place = () => {
    cursor.style.left = `${(100 * audio.currentTime) / model.get("seconds")}%`;
  };
  followSound(audio, place, signal);
  audio.addEventListener("ended", next, { signal });
  model.on("msg:custom", arrive);
  signal.addEventListener("abort", () => {
    model.off("msg:custom", arrive);
    silence();
  });
  const playAll = (cells) => {
    rest = [...cells];
    next();
  };
  return { audio, playAll, stop: () => playAll([]), current: () => wanted };
}

/** The picture of an utterance as a button. */
function cellButton(cell, name, press) {
  const said = { "aria-label": `Play ${name}`, "aria-pressed": "false", title: name, value: cell.number };
  const inside = cell.readable ? make("img", { alt: "" }) : "cannot be read";
  const isOff = !cell.readable;
  return make("button", { type: "button", class: "emotion-cell", disabled: isOff, click: press, ...said }, inside);
}

/** The grid of a word; `cells` are those that play, and `pressed` is called with the pressed cell. */
function drawGrid(model, pressed) {
  const speakers = model.get("speakers");
  const cells = [];
  const draw = (cell, name) => {
    if (!cell) return make("span", { role: "img", "aria-label": "not recorded" }, "–");
    const mine = { number: cell.number, button: cellButton(cell, name, () => pressed(mine)) };
    if (!mine.button.disabled) cells.push(mine);
    return mine.button;
  };
  const head = speakers.map((speaker) => make("th", { scope: "col" }, speaker));
  const rows = model.get("rows").map((row) => {
    const drawn = row.cells.map((cell, place) => make("td", {}, draw(cell, `${speakers[place]}, ${row.emotion}`)));
    return make("tr", {}, make("th", { scope: "row" }, mark(row), ` ${row.emotion}`), ...drawn);
  });
  return { cells, rows: [make("tr", {}, make("td"), ...head), ...rows] };
}

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const kernel = questions(model, signal);
  const sounds = stage(model, signal, kernel);
  const words = choice("text", "Word", (value) => {
    sounds.stop();
    model.send({ do: "choose", value });
  });
  let cells = [];
  const start = () => (sounds.current() ? sounds.stop() : sounds.playAll(cells));
  const turn = make("button", { type: "button", click: start });
  const name = () => (turn.textContent = sounds.current() ? "■ Stop" : "▶ Play in turn");
  sounds.audio.addEventListener("turn", name, { signal });

  const table = make("table", { class: "emotion-grid", keydown: (event) => walk(table, event) });
  const giveBack = () => table.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
  signal.addEventListener("abort", giveBack);
  const scale = make("p", { class: "emotion-scale" });
  const controls = make("div", { class: "emotion-row" }, words.element, turn);
  const grid = make("div", {}, controls, make("div", { class: "emotion-scroll" }, table), scale);
  follow(model, signal, ["rows"], () => {
    sounds.stop();
    giveBack();
    const drawn = drawGrid(model, (cell) => (sounds.current() === cell ? sounds.stop() : sounds.playAll([cell])));
    cells = drawn.cells;
    table.replaceChildren(...drawn.rows);
    table.style.setProperty("--columns", model.get("speakers").length);
    words.offer(model.get("texts"), model.get("text"));
    scale.textContent = model.get("scale");
    turn.disabled = !cells.length;
    grid.hidden = !model.get("texts").length;
    if (cells.length) kernel.ask({ do: "draw" });
  });
  const draw = ({ do: what, text, numbers }, pictures) => {
    if (what !== "pictures" || text !== model.get("text")) return;
    numbers.forEach((number, place) => {
      const image = table.querySelector(`button[value="${number}"] img`);
      if (image && !image.src) image.src = address(pictures[place], "image/png");
    });
  };
  model.on("msg:custom", draw);
  signal.addEventListener("abort", () => model.off("msg:custom", draw));
  el.append(kernel.notice, grid, sentence(model, signal), sounds.audio);
}

export default { render };
