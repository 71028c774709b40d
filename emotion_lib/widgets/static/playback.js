// The player: lists to choose from, buttons for previous and next, and the sound with its picture.

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  let goesOn = false;
  const player = recordingView(model, signal, (isThere) => {
    if (goesOn && isThere) play(player.audio);
    goesOn = false;
  });
  const ask = (message) => {
    goesOn = !player.audio.paused && !player.audio.ended;
    model.send(message);
  };
  const step = (by) => ask({ do: "step", by });
  const lists = model
    .get("choices")
    .map(({ name, label }) => choice(name, label, (value) => ask({ do: "choose", name, value })));
  const steps = [
    make("button", { type: "button", title: "Previous (P)", click: () => step(-1) }, "◀ Previous"),
    make("button", { type: "button", title: "Next (N)", click: () => step(1) }, "Next ▶"),
  ];
  follow(model, signal, ["choices"], () => {
    model.get("choices").forEach(({ options, value }, place) => lists[place].offer(options, value));
  });
  const keys = { n: 1, p: -1 };
  const onKey = (event) => {
    const by = keys[event.key.toLowerCase()];
    if (by && lists.length && event.target.tagName !== "SELECT" && !isShortcut(event)) step(by);
  };
  el.addEventListener("keydown", onKey, { signal });
  const controls = make("div", { class: "emotion-row" }, ...lists.map((list) => list.element), ...steps);
  controls.hidden = !lists.length;
  el.append(controls, player.element, sentence(model, signal));
}

export default { render };
