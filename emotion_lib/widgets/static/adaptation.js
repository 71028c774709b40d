// Adapt to a voice: the sentence to say, the utterances so far, the effect, and a trial.

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const list = make("section", {}, said(model, signal, () => (asked = true)));
  const trial = make("section", {}, tries(model, signal));
  let asked = false;
  const player = recordingView(model, signal, () => {
    (asked ? list : trial).append(player.element);
    if (asked) play(player.audio);
    asked = false;
  });
  trial.append(player.element);
  el.append(guide(model, signal), sentence(model, signal), list, trial, file(model, signal));
}

/** The sentence to say now, with buttons to record it, to skip it and to repeat the last one. */
function guide(model, signal) {
  const go = (step) => model.send({ do: "go", step });
  const lastStep = () => model.get("utterances").findLast(({ step }) => step >= 0)?.step;
  const emotions = [...new Set(model.get("plan").map(({ emotion }) => emotion))];
  const list = choice("emotion", "Emotion", (chosen) => {
    go(model.get("plan").findIndex(({ emotion }) => emotion === chosen));
  });
  const task = make("p", { class: "emotion-task", role: "status" });
  const how = make("p", {});
  const record = recorder(model, signal, { purpose: "enrol" });
  const skip = make("button", { type: "button", click: () => go(model.get("step") + 1) }, "Skip");
  const repeat = make("button", { type: "button", click: () => go(lastStep()) }, "Repeat the last");
  const adapt = make("button", { type: "button", click: () => model.send({ do: "adapt" }) }, "Adapt to this voice");
  follow(model, signal, ["step", "utterances"], () => {
    const [plan, step] = [model.get("plan"), model.get("step")];
    const now = plan[step];
    list.offer(emotions, now?.emotion);
    const manner = now?.emotion === "neutral" ? "Say it as you usually speak" : "Say it as if you were in this emotion";
    how.textContent = now
      ? `${manner}: ${now.emotion}, ${now.number} of ${now.of}; ${step + 1} of ${plan.length} in all.`
      : "That was the last sentence. Adapt the recogniser to this voice, or choose an emotion and say more.";
    task.replaceChildren(...(now ? [mark(now), ` ${now.emotion}: “${now.sentence}”`] : []));
    record.hidden = skip.hidden = !now;
    repeat.disabled = lastStep() === undefined;
    adapt.disabled = !model.get("utterances").length;
  });
  const row = make("div", { class: "emotion-row" }, list.element, skip, repeat, adapt);
  return make("section", {}, task, how, record, row);
}

/** The table of the utterances with their predictions, and the verdict below it. */
function said(model, signal, playing) {
  const rows = make("tbody");
  const heads = ["Meant", "Length", "Predicted before", "Predicted after", ""];
  const head = make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)));
  const table = make("table", { class: "emotion-said" }, make("caption", {}, "What you said"));
  table.append(make("thead", {}, head), rows);
  const verdict = make("p", { role: "status" });
  follow(model, signal, ["utterances", "verdict"], () => {
    table.hidden = !model.get("utterances").length;
    rows.replaceChildren(...model.get("utterances").map((each, place) => row(model, each, place, playing)));
    verdict.textContent = model.get("verdict");
  });
  return make("div", {}, table, verdict);
}

/** The row of one utterance. */
function row(model, each, place, playing) {
  const name = `${each.emotion}, utterance ${place + 1}`;
  const ask = (what) => () => {
    if (what === "play") playing();
    model.send({ do: what, place });
  };
  const button = (what, sign, label) =>
    make("button", { type: "button", "aria-label": `${label} ${name}`, title: label, click: ask(what) }, sign);
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, mark(each), ` ${each.emotion}`),
    make("td", {}, `${each.seconds.toFixed(1)} s`),
    make("td", {}, ...predicted(each.before, each.emotion)),
    make("td", {}, ...predicted(each.after, each.emotion)),
    make("td", {}, button("play", "▶", "Play"), " ", button("remove", "✕", "Remove")),
  );
}

/** The prediction for an utterance, with a tick if it is the intended emotion. */
function predicted(answer, meant) {
  if (!answer) return ["–"];
  const best = Math.max(...answer.bars.map(({ probability }) => probability));
  const named = answer.bars.find(({ emotion }) => emotion === answer.emotion);
  const words = ` ${answer.headline} ${percent(best)}`;
  const tick = make("span", { class: "emotion-tick", role: "img", "aria-label": "as meant" }, " ✓");
  return [...(named ? [mark(named)] : []), words, ...(answer.emotion === meant ? [tick] : [])];
}

/** After the adaptation: record an utterance and see the predictions of both recognisers. */
function tries(model, signal) {
  const names = ["Before", "Adapted to this voice"];
  const views = names.map((name) => barsView(`Probability of each emotion, ${name.toLowerCase()}`));
  views.forEach(({ element }) => element.classList.add("emotion-steady"));
  const side = (name, place) => make("div", {}, make("h4", {}, name), views[place].element);
  const sides = make("div", { class: "emotion-sides" }, ...names.map(side));
  const words = "Try it: record or upload an utterance that is not in the table above.";
  const element = make("div", {}, make("h4", {}, words), recorder(model, signal, { purpose: "try" }), sides);
  follow(model, signal, ["tried", "adapted"], () => {
    element.hidden = !model.get("adapted");
    sides.hidden = !model.get("tried").length;
    views.forEach((view, place) => view.show(model.get("tried")[place] ?? {}));
  });
  return element;
}

/** Download the recogniser as a file, and load one that was downloaded. */
function file(model, signal) {
  const save = make("button", { type: "button", click: () => model.send({ do: "save" }) }, "Download the recogniser");
  const input = make("input", { type: "file", accept: ".emotion" });
  const load = make("label", { class: "emotion-upload" }, "Load one that was downloaded ", input);
  input.addEventListener("change", async () => {
    const [chosen] = input.files;
    input.value = "";
    if (chosen) deliver(model, await chosen.arrayBuffer(), { do: "load", name: chosen.name });
  });
  const download = ({ do: what, name }, [content]) => {
    if (what !== "download" || !wanted) return; // another view of this widget requested it
    wanted = false;
    const link = make("a", { href: address(content, "application/octet-stream"), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000); // not at once: the browser may still be reading it
  };
  let wanted = false;
  save.addEventListener("click", () => (wanted = true));
  model.on("msg:custom", download);
  signal.addEventListener("abort", () => model.off("msg:custom", download));
  follow(model, signal, ["adapted"], () => (save.disabled = !model.get("adapted")));
  return make("div", { class: "emotion-row emotion-file" }, save, load);
}

export default { render };
