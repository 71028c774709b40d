// The player: lists to choose from, buttons for previous and next, and the sound with its picture.

function render({ model, el, signal }) {
  begin(el, "Player of utterances", signal);
  let goesOn = false;
  const kernel = questions(model, el, signal);
  const spoken = announcer();
  const player = recordingView(model, signal, kernel, (isThere) => {
    if (goesOn && isThere) play(player.audio);
    goesOn = false;
  });
  const wish = (message, options) => {
    goesOn = !player.audio.paused && !player.audio.ended;
    kernel.wish(message, options);
  };
  const chosen = () => ({ do: "choose", chosen: Object.fromEntries(lists.map((list) => [list.name, list.value()])) });
  const step = (by) => wish({ do: "step", by }, { before: { message: chosen() } });
  const lists = model.get("choices").map(({ name, label }) => choice(name, label, () => wish(chosen())));
  const steps = [
    button({ title: "Previous (P)" }, () => step(-1), "◀ Previous"),
    button({ title: "Next (N)" }, () => step(1), "Next ▶"),
  ];
  follow(model, signal, ["choices"], () => {
    const choices = model.get("choices");
    choices.forEach(({ options, value }, place) => lists[place].offer(options, value));
    spoken.say(choices.map(({ value }) => value).join(", "));
  });
  const keys = { n: 1, p: -1 };
  const onKey = (event) => {
    const by = keys[event.key.toLowerCase()];
    if (by && lists.length && event.target.tagName !== "SELECT" && !isShortcut(event)) step(by);
  };
  el.addEventListener("keydown", onKey, { signal });
  const controls = group("Utterance", { class: "emotion-row" }, ...lists.map((list) => list.element), ...steps);
  controls.hidden = !lists.length;
  el.append(controls, kernel.notice, player.element, sentence(model, signal), spoken.element);
}

export default { render };
