// The listening test: one recording after the other, a button for each emotion, and the result.

/** The recording that is asked for now; `next()` requests and plays it, `heard(number)` says whether it has played. */
function hiddenSound(model, el, signal) {
  const audio = make("audio", { "aria-label": "Recording" });
  const kernel = questions(model, el, signal);
  let [sounding, wanted] = [-1, false];
  const release = () => {
    URL.revokeObjectURL(audio.src);
    audio.removeAttribute("src");
    audio.load(); // otherwise the removed sound would go on playing
    sounding = -1;
  };
  const arrive = (message, [sound] = []) => {
    if (message.do !== "sound" || !wanted || message.number !== model.get("number")) return;
    release();
    wanted = false;
    if (!sound.byteLength) return;
    audio.src = address(sound, "audio/wav");
    sounding = message.number;
    play(audio);
  };
  const next = () => {
    if (sounding === model.get("number")) {
      audio.currentTime = 0;
      return play(audio);
    }
    wanted = true;
    kernel.ask({ do: "play" });
  };
  model.on("msg:custom", arrive);
  signal.addEventListener("abort", () => {
    release();
    model.off("msg:custom", arrive);
  });
  const notices = [kernel.notice, soundNotice(audio, signal)];
  return { audio, notices, ask: kernel.ask, next, release, heard: (number) => sounding === number };
}

/** A row of the reader's confusion matrix: the shade is the share of the row. */
function resultRow({ emotion, colour, marker, counts, recall }) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cells = counts.map((count) => make("td", { class: "emotion-tally", style: `--share: ${count / total}` }, String(count)));
  const head = make("th", { scope: "row" }, mark({ colour, marker }), ` ${emotion}`);
  return make("tr", {}, head, ...cells, make("td", {}, recall));
}

/** The reader's score and confusion matrix; `show(result)` takes an empty object before the end. */
function resultView() {
  const headline = make("p", { tabindex: -1, role: "status", class: "emotion-heading" });
  const table = make("table", { class: "emotion-grid emotion-matrix" });
  const element = make("div", {}, headline, make("div", { class: "emotion-scroll" }, table));
  const show = ({ says, columns, rows }) => {
    element.hidden = !rows;
    if (!rows) return;
    const caption = make("caption", {}, "Acted in rows, your answers in columns");
    const names = columns.map((each) => make("th", { scope: "col" }, mark(each), ` ${each.emotion}`));
    const head = make("tr", {}, make("td"), ...names, make("th", { scope: "col" }, "recall"));
    table.replaceChildren(caption, head, ...rows.map(resultRow));
    headline.textContent = says;
  };
  return { element, headline, show };
}

function render({ model, el, signal }) {
  begin(el, "Listening test", signal);
  const sound = hiddenSound(model, el, signal);
  const result = resultView();
  const isOver = () => Boolean(model.get("result").rows);
  const name = (emotion) => {
    const number = model.get("number");
    if (!sound.heard(number) || isOver()) return;
    goesOn = true;
    sound.release(); // so that no second answer counts before the next recording plays
    sound.ask({ do: "name", number, emotion });
  };
  const restart = (message) => {
    sound.release();
    sound.ask(message);
  };
  let goesOn = false;
  const button = (label, press, title) => make("button", { type: "button", click: press, title }, label);
  const playButton = button("▶ Play", sound.next, "Play (P)");
  const task = make("p", { class: "emotion-task", role: "status" });
  const answers = model.get("emotions").map(({ emotion, ...drawn }, place) => {
    const answer = button("", () => name(emotion), `${emotion} (${place + 1})`);
    answer.append(mark(drawn), ` ${emotion}`);
    return answer;
  });
  const group = make("div", { class: "emotion-row", role: "group", "aria-label": "Which emotion?" }, ...answers);
  const keys = `keys 1 to ${answers.length}`;
  const hint = make("p", {}, `Play it, as often as you like; then name the emotion (${keys}), and the next one plays.`);
  const test = make("div", {}, task, make("div", { class: "emotion-row" }, playButton), hint, group);
  const after = make(
    "div",
    { class: "emotion-row emotion-file" },
    button("Take it again", () => restart({ do: "again" })),
    button("Delete my answers", () => restart({ do: "delete" })),
  );
  const show = () => {
    const hadFocus = el.contains(document.activeElement);
    const wasOver = test.hidden;
    test.hidden = isOver();
    after.hidden = !isOver();
    result.show(model.get("result"));
    task.textContent = `Recording ${model.get("number") + 1} of ${model.get("total")}`;
    // Whoever works by keyboard goes on where the buttons were that are gone now.
    if (hadFocus && wasOver !== test.hidden) (isOver() ? result.headline : playButton).focus();
    if (isOver()) sound.release();
    else if (goesOn) sound.next();
    goesOn = false;
  };
  follow(model, signal, ["number", "result"], show);
  const onKey = (event) => {
    if (isShortcut(event) || isOver()) return;
    if (event.key.toLowerCase() === "p") sound.next();
    else answers[Number(event.key) - 1]?.click();
  };
  el.addEventListener("keydown", onKey, { signal });
  el.append(test, ...sound.notices, sound.audio, result.element, after, sentence(model, signal));
}

export default { render };
