// The page: it asks the worker, and shows what it answers. Nothing leaves it.

import { barsView, levelMeter, make, mark, percent, refusal } from "./shared.js";
import { decoded, record as startRecording, wav } from "./sound.js";
import { RATE } from "./speech.js";
import { clock, csv, hasSpeech, headline, inFull, sentence, showSaid, showStrip, stretches } from "./views.js";

const LONG = 15; // seconds from which a recording becomes a timeline
const RECORDING = 60; // seconds after which a recording stops by itself
const SENTENCE = 8; // the same for a sentence by which it gets used to a voice

const [bars, meter] = [barsView("Probability of each emotion"), levelMeter()];
const at = (id) => document.getElementById(id);
const about = await (await fetch("about.json")).json();
const worker = new Worker("worker.js", { type: "module" });
/** All recordings that were answered: {name, sound, seconds, answer, rows}. */
const results = [];
const todo = []; // what `predict` was given and has not finished
/** The sentences of `about.plan` that were said: {meant, words, step, sound, probabilities, z, before, after}. */
let [said, step, verdict] = [[], 0, ""];
let [shown, order] = [null, { column: 0, down: false }];
let [recording, isRecording, recordings] = [null, false, 0]; // "is" also while the browser asks for permission

/** Ask the worker, and return its answer; `passed(share)` is called meanwhile. Samples are handed over, not copied. */
function ask(task, given, passed = () => {}) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ task, given }, given instanceof Float32Array ? [port2, given.buffer] : [port2]);
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      if ("share" in data) passed(data.share);
      else if ("error" in data) reject(new Error(data.error));
      else resolve(data.answer);
    };
  });
}

const failed = (why) => (at("loading-words").textContent = `The recogniser could not be loaded: ${why} Load the page again.`);
worker.onerror = ({ message }) => failed(message ? `${message}.` : "a file is missing, or the browser is too old.");
worker.onmessage = ({ data }) => {
  if (data.ready) ready();
  else if (data.failed) failed(data.failed);
  else at("loading-bar").value = data.share ?? 0;
};

function ready() {
  at("loading").hidden = true;
  for (const control of document.querySelectorAll("button, input, select")) control.disabled = false;
  showPlan();
}

/** Predict recordings, given as [name, function that returns their samples and their sound], one after the other. */
async function predict(given) {
  todo.push(...given);
  if (todo.length > given.length) return; // the call that runs takes these too
  at("says").textContent = "";
  at("working").hidden = false;
  at("answer").classList.add("emotion-old");
  const refused = [];
  for (const [number, [name, read]] of todo.entries()) {
    const part = (share) => (at("working").value = (number + share) / todo.length);
    part(0);
    try {
      const { samples, sound } = await read();
      const seconds = samples.length / RATE;
      const { whole, rows = [] } = await ask(seconds > LONG ? "follow" : "predict", samples, part);
      results.push({ name, sound, seconds, answer: whole, rows });
      show(results.at(-1));
    } catch (error) {
      refused.push(error.message);
    }
  }
  todo.length = 0;
  at("working").hidden = true;
  at("says").textContent = refused.join(" ");
  showTable();
}

/** Show one result: its name, its sound, its answer. */
function show(result) {
  shown = result;
  URL.revokeObjectURL(at("sound").src);
  at("sound").src = URL.createObjectURL(result.sound);
  showAnswer(result);
  showStrip(at("strip"), result.rows, about, (start) => {
    at("sound").currentTime = start;
    at("sound").play();
  });
  tellWhere();
}

function showAnswer({ name, answer, rows }) {
  const { before } = answer;
  const usual = before ? ` Before it knew your voice: ${headline(before)}, ${percent(Math.max(...before.probabilities))}.` : "";
  at("answer").hidden = false;
  at("answer").classList.remove("emotion-old");
  at("answer-name").textContent = name;
  bars.show(inFull(answer, about, rows.length ? " This is the mean over the recording." : usual));
  at("timeline").hidden = !rows.length;
  at("sound").hidden = Boolean(recording);
}

/** Say what the answer is at the place that sounds. */
function tellWhere() {
  const time = at("sound").currentTime;
  const isNow = ({ start, end }) => time >= start && time < end;
  const row = shown?.rows.find(isNow);
  at("now").textContent = row ? `At ${clock(time)}: ${headline(row)}` : "";
  const places = stretches(shown?.rows ?? []);
  [...at("strip").children].forEach((button, number) => button.setAttribute("aria-current", isNow(places[number])));
}

const COLUMNS = ["recording", "seconds", "answer", "probability"];

/** Return a result as a row of the table. */
function row({ name, seconds, answer }) {
  const highest = hasSpeech(answer) ? Math.max(...answer.probabilities).toFixed(3) : "";
  return [name, seconds.toFixed(2), answer.reason ? `unknown (${answer.reason})` : answer.emotion, highest];
}

/** Return all results as a table with the probability of every emotion. */
function everything() {
  const shares = ({ answer }) => answer.probabilities.map((share) => (hasSpeech(answer) ? share.toFixed(4) : ""));
  return [[...COLUMNS, ...about.emotions], ...sorted().map((result) => [...row(result), ...shares(result)])];
}

function sorted() {
  const value = (result) => row(result)[order.column];
  const compare = (a, b) => (order.column === 0 || order.column === 2 ? value(a).localeCompare(value(b)) : value(a) - value(b));
  return [...results].sort((a, b) => (order.down ? compare(b, a) : compare(a, b)));
}

/** Show a recording that was answered before. */
function choose(result) {
  show(result);
  at("answer").scrollIntoView({ block: "nearest" });
}

/** Show all results in a table, if there are several. */
function showTable() {
  at("many").hidden = results.length < 2;
  const head = COLUMNS.map((name, column) => {
    const direction = column !== order.column ? "none" : order.down ? "descending" : "ascending";
    const sort = () => {
      order = { column, down: column === order.column && !order.down };
      showTable();
      at("table").querySelectorAll("thead button")[column].focus();
    };
    return make("th", { scope: "col", "aria-sort": direction }, make("button", { type: "button", click: sort }, name));
  });
  at("table").tHead.replaceChildren(make("tr", {}, ...head));
  const lines = sorted().map((result) => {
    const [name, ...cells] = row(result);
    const hear = make("button", { type: "button", click: () => choose(result) }, name);
    return make("tr", {}, make("th", { scope: "row" }, hear), ...cells.map((cell) => make("td", {}, cell)));
  });
  at("table").tBodies[0].replaceChildren(...lines);
}

/** Record until the button is pressed again, and return the samples; nothing if another is made or none can be. */
async function recorded(button, seconds, words, live = () => {}) {
  if (isRecording) return recording?.stop();
  isRecording = true;
  const idle = button.textContent;
  words.textContent = at("left").textContent = "";
  try {
    recording = await startRecording(seconds, (level, left) => {
      meter.show(level);
      at("left").textContent = `${Math.ceil(left)} s left`;
      live();
    });
    button.textContent = "Stop";
    button.classList.add("records");
    button.after(at("level"));
    at("level").hidden = false;
    return await recording.recorded;
  } catch (error) {
    words.textContent = `${refusal(error)} Or choose a file.`;
  } finally {
    [recording, isRecording] = [null, false];
    button.textContent = idle;
    button.classList.remove("records");
    at("level").hidden = true;
  }
}

/** Show the answer for the last seconds of the recording that is being made, as often as the worker can. */
async function follow() {
  if (follow.isBusy || !recording) return;
  follow.isBusy = true;
  try {
    const { whole } = await ask("predict", await recording.latest());
    if (recording) showAnswer({ name: "The last 3 seconds", answer: whole, rows: [] });
  } catch (error) {
    at("says").textContent = error.message;
  } finally {
    follow.isBusy = false;
  }
}

async function record() {
  const samples = await recorded(at("record"), RECORDING, at("says"), follow);
  if (samples) predict([[`Recording ${++recordings}`, () => ({ samples, sound: wav(samples) })]]);
}

const files = (list) => predict([...list].map((file) => [file.name, () => decoded(file)]));

/** Show the sentence to say now, and those that were said. */
function showPlan() {
  const now = about.plan[step];
  const manner = now?.meant === about.ordinary ? "Say it as you usually speak" : "Say it as if you felt so";
  const words = now ? ` ${about.emotions[now.meant]}: “${now.words}”` : "That was the last sentence.";
  at("task").replaceChildren(...(now ? [mark(about.styles[now.meant])] : []), words);
  at("how").textContent = now ? `${manner}; sentence ${step + 1} of ${about.plan.length}.` : "Adapt it, or choose an emotion.";
  at("emotion").value = now?.meant ?? "";
  for (const id of ["say", "said-file", "skip"]) at(id).disabled = !now;
  at("adapt").disabled = !said.length;
  at("verdict").textContent = verdict;
  showSaid(at("said"), said, about, choose, (gone) => {
    said = said.filter((each) => each !== gone);
    [step, verdict] = [gone.step, ""];
    showPlan();
    at("say").focus();
  });
}

/** Keep a recording of the sentence `number`, and go to the next missing one; after the ordinary ones, adapt. */
async function keep(number, { samples, sound }) {
  if (samples.length > LONG * RATE) throw new Error(`This is longer than ${LONG} seconds; choose one sentence.`);
  const { whole } = await ask("predict", samples);
  if (!hasSpeech(whole)) throw new Error(`${sentence(whole, about)} The sentence is not kept; say it again.`);
  const { given: probabilities, z, before } = whole;
  const utterance = { ...about.plan[number], step: number, sound, probabilities, z, before: before ?? whole };
  said = [...said.filter((each) => each.step !== number), utterance].map((each) => ({ ...each, after: null }));
  const missing = [...about.plan.keys()].filter((place) => !said.some((each) => each.step === place));
  step = missing.find((place) => place > number) ?? missing[0] ?? about.plan.length;
  verdict = at("voice-says").textContent = "";
  showPlan();
  const isOrdinary = ({ meant }) => meant === about.ordinary;
  if (said.every(isOrdinary) && said.length === about.plan.filter(isOrdinary).length) await adapt();
}

async function say() {
  const [number, samples] = [step, await recorded(at("say"), SENTENCE, at("voice-says"))];
  if (samples) await keep(number, { sound: wav(samples), samples });
}

async function adapt() {
  const { why, isTest, after } = await ask("enrol", said);
  said = said.map((each, place) => ({ ...each, after: after[place] }));
  const right = (when) => said.filter((each) => each[when].emotion === about.emotions[each.meant]).length;
  const counts = `Of ${said.length}, ${right("before")} were predicted as meant before, and ${right("after")} after.`;
  const isOfOne = new Set(said.map(({ meant }) => meant)).size === 1;
  if (why) verdict = `Not adapted: ${why}.`;
  else if (isOfOne) verdict = "It knows your usual voice now: record something above. Sentences in each emotion help more.";
  else if (isTest) verdict = `${counts} Each was predicted with the others alone: a fair test, but a small one.`;
  else verdict = `${counts} It has learnt these very sentences: for a test, say two in each emotion.`;
  at("forget").hidden = Boolean(why);
  showPlan();
}

async function forget() {
  await ask("forget");
  [said, step, verdict] = [[], 0, ""];
  at("forget").hidden = true;
  at("voice-says").textContent = "Forgotten.";
  showPlan();
  at("say").focus();
}

/** Do a step of getting used to the voice, and show why it failed. */
const told = (work) => work.catch((error) => (at("voice-says").textContent = error.message));

at("from-a-file").hidden = true;
at("loading").hidden = false;
at("loading-words").textContent = `Loading the recogniser (${Math.round(about.bytes / 2 ** 20)} MB, once) …`;
at("left").before(meter.element);
at("timeline").before(bars.element);
bars.element.querySelector(".emotion-headline").role = "status";
for (const [path, name] of about.samples) {
  const read = async () => decoded(new File([await (await fetch(path)).blob()], name));
  at("samples").append(make("button", { type: "button", disabled: true, click: () => predict([[name, read]]) }, name));
}
const meant = [...new Set(about.plan.map((each) => each.meant))];
at("emotion").append(...meant.map((row) => make("option", { value: row }, about.emotions[row])));
at("record").addEventListener("click", record);
at("files").addEventListener("change", ({ target }) => files(target.files).then(() => (target.value = "")));
at("say").addEventListener("click", () => told(say()));
at("said-file").addEventListener("change", async ({ target }) => {
  const [[file], number] = [target.files, step];
  if (file) await told(decoded(file).then((sound) => keep(number, sound)));
  target.value = "";
});
const go = (place) => ((step = place), showPlan());
at("skip").addEventListener("click", () => go(step + 1));
at("emotion").addEventListener("change", ({ target }) => go(about.plan.findIndex(({ meant }) => meant === +target.value)));
at("adapt").addEventListener("click", () => told(adapt()));
at("forget").addEventListener("click", () => told(forget()));
at("sound").addEventListener("timeupdate", tellWhere);
at("save").addEventListener("click", () => {
  const content = new Blob(["\ufeff", csv(everything())], { type: "text/csv" });
  const link = make("a", { href: URL.createObjectURL(content), download: "emotions.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // not at once: the browser may still be reading it
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length && !at("files").disabled) files(event.dataTransfer.files);
});
navigator.serviceWorker?.register(`offline.js?${about.digest}`);
