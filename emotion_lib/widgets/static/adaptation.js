// Adapt to a voice: the sentence to say, the utterances so far, the effect, and a trial.

function render({ model, el, signal }) {
  begin(el, "Adaptation to a voice", signal);
  const kernel = questions(model, el, signal);
  const spoken = announcer();
  const guided = guide(model, signal, kernel);
  const utterances = said(model, signal, kernel, spoken, () => (asked = true), guided.focus);
  const list = group("What you said", { class: "emotion-part" }, utterances);
  const trial = tries(model, signal, kernel, spoken);
  let asked = false;
  const player = recordingView(model, signal, kernel, () => {
    (asked || !model.get("tried").length ? list : trial.part).append(player.element);
    if (asked) play(player.audio);
    asked = false;
  });
  list.append(player.element);
  el.append(guided.element, kernel.notice, sentence(model, signal), list, trial.element);
  el.append(file(model, signal, kernel, trial.outdate), spoken.element);
}

/** The sentence to say now, with buttons to record it, to skip it and to repeat the last one. */
function guide(model, signal, kernel) {
  const go = (step) => kernel.wish({ do: "go", step });
  const lastStep = () => model.get("utterances").findLast(({ step }) => step >= 0)?.step;
  const emotions = [...new Set(model.get("plan").map(({ emotion }) => emotion))];
  const list = choice("emotion", "Emotion", (chosen) => {
    go(model.get("plan").findIndex(({ emotion }) => emotion === chosen));
  });
  const task = make("p", { class: "emotion-task", ...POLITE });
  const how = make("p", {});
  const extra = () => ({ purpose: "enrol", step: model.get("step") });
  const record = recorder(model, signal, kernel, { asked: () => {}, extra });
  const skip = button({}, () => go(model.get("step") + 1), "Skip");
  const repeat = button({}, () => go(lastStep()), "Repeat the last");
  const adapt = button({}, () => kernel.ask({ do: "adapt" }), "Adapt to this voice");
  follow(model, signal, ["step", "utterances"], () => {
    const [plan, step] = [model.get("plan"), model.get("step")];
    const now = plan[step];
    list.offer(emotions, now?.emotion);
    const manner = now?.emotion === "neutral" ? "Say it as you usually speak" : "Say it as if you felt this emotion";
    how.textContent = now
      ? `${manner}: ${now.emotion}, ${now.number} of ${now.of}; ${step + 1} of ${plan.length} in all.`
      : "That was the last sentence. Adapt the recogniser to this voice, or choose an emotion and say more.";
    task.replaceChildren(...(now ? [mark(now), ` ${now.emotion}: “${now.sentence}”`] : []));
    hide(record, !now, adapt);
    hide(skip, !now, adapt);
    enable(repeat, lastStep() !== undefined);
    enable(adapt, model.get("utterances").length > 0);
  });
  const row = make("div", { class: "emotion-row" }, list.element, skip, repeat, adapt);
  const focus = () => (record.hidden ? adapt : record.querySelector("button")).focus();
  return { element: group("Sentence to say", {}, task, how, record, row), focus };
}

/**
 * The table of the utterances with their predictions, and the verdict below it. `leave()` takes the focus from the button
 * that removed the last of them.
 */
function said(model, signal, kernel, spoken, playing, leave) {
  const rows = make("tbody");
  const heads = ["Meant", "Recording", "Predicted before", "Predicted after", ""];
  const head = make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)));
  const table = make("table", { class: "emotion-said" }, make("caption", {}, "What you said"));
  table.append(make("thead", {}, head), rows);
  const verdict = make("p", POLITE);
  let there = 0;
  follow(model, signal, ["utterances", "verdict"], () => {
    const utterances = model.get("utterances");
    // The buttons are made anew: the focus goes to the same one of the row that is there now.
    const focused = rows.contains(document.activeElement) ? document.activeElement : null;
    const [place, what] = [focused?.closest("tr").sectionRowIndex, focused?.name];
    rows.replaceChildren(...utterances.map((each, number) => row(kernel, each, number, playing)));
    if (focused && utterances.length)
      rows.rows[Math.min(place, utterances.length - 1)].querySelector(`[name=${what}]`).focus();
    else if (focused) leave();
    table.hidden = !utterances.length;
    verdict.textContent = model.get("verdict");
    const { emotion, recording, before } = utterances.at(-1) ?? {};
    if (utterances.length > there) spoken.say(`${recording}, meant as ${emotion}: ${before.sentence}`);
    there = utterances.length;
  });
  return make("div", {}, make("div", { class: "emotion-scroll" }, table), verdict);
}

/** The row of one utterance. */
function row(kernel, each, place, playing) {
  const name = `${each.emotion}, utterance ${place + 1}`;
  const ask = (what) => () => {
    if (what === "play") playing();
    kernel.ask({ do: what, place });
  };
  const act = (what, sign, label) =>
    button({ name: what, "aria-label": `${label} ${name}`, title: label }, ask(what), sign);
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, mark(each), ` ${each.emotion}`),
    make("td", { class: "emotion-file-name" }, ...wrapped(`${each.recording}, ${each.seconds.toFixed(1)} s`)),
    make("td", {}, ...predicted(each.before, each.emotion)),
    make("td", {}, ...predicted(each.after, each.emotion)),
    make("td", {}, act("play", "▶", "Play"), " ", act("remove", "✕", "Remove")),
  );
}

/** After the adaptation: record an utterance and see the predictions of both recognisers. */
function tries(model, signal, kernel, spoken) {
  const names = ["Before", "Adapted to this voice"];
  const views = names.map((name) => barsView(`Probability of each emotion, ${name.toLowerCase()}`));
  views.forEach(({ element }) => element.classList.add("emotion-steady"));
  const side = (name, place) => make("div", {}, make("h4", {}, name), views[place].element);
  const sides = make("div", { class: "emotion-sides" }, ...names.map(side));
  const words = "Try it: record or upload an utterance that is not in the table above.";
  const part = answerPart("Answers to the trial", sides);
  const extra = () => ({ purpose: "try" });
  const record = recorder(model, signal, kernel, { asked: part.outdate, extra, options: { isWish: false } });
  const element = group("Trial", {}, make("h4", {}, words), record, part.element);
  follow(model, signal, ["tried", "adapted"], () => {
    const tried = model.get("tried");
    element.hidden = !model.get("adapted");
    sides.hidden = !tried.length;
    views.forEach((view, place) => view.show(tried[place] ?? {}));
    part.renew(tried[0]?.recording);
    spoken.say(tried.map((answer, place) => `${names[place]}: ${inWords(answer)}`).join(" "));
  });
  return { element, part: part.element, outdate: part.outdate };
}

/** Download the recogniser as a file, and load one that was downloaded. */
function file(model, signal, kernel, loading) {
  const request = () => {
    wanted = true;
    kernel.ask({ do: "save" });
  };
  const save = button({}, request, "Download the recogniser");
  const input = make("input", { type: "file", accept: ".emotion" });
  const load = make("label", { class: "emotion-upload" }, "Load one that was downloaded ", input);
  input.addEventListener("change", async () => {
    const [chosen] = input.files;
    input.value = "";
    if (!chosen) return;
    loading();
    kernel.ask({ do: "load", name: chosen.name }, { bytes: await chosen.arrayBuffer(), isWish: true, what: "your file" });
  });
  const saved = ({ do: what, name }, content) => {
    if (what !== "download" || !wanted) return; // another view of this widget requested it
    wanted = false;
    download(name, content);
  };
  let wanted = false;
  model.on("msg:custom", saved);
  signal.addEventListener("abort", () => model.off("msg:custom", saved));
  follow(model, signal, ["adapted"], () => enable(save, model.get("adapted")));
  return group("Recogniser as a file", { class: "emotion-row emotion-file" }, save, load);
}

export default { render };
