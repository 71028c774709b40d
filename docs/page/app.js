// The page: it asks the worker, and shows what it answers. Nothing leaves it.

import { barsView, download, levelMeter, make, mark, percent, refusal } from "./shared.js";
import { decoded, record as startRecording } from "./sound.js";
import { RATE } from "./speech.js";
import { clock, csv, hasSpeech, headline, inFull, sentence, wrapped } from "./views.js";
import { showSaid, showStrip, showWeights } from "./views.js";

const LONG = 15; // seconds from which a recording becomes a timeline
const RECORDING = 60; // seconds after which a recording stops by itself
const SENTENCE = 8; // the same for a sentence by which it gets used to a voice

const [bars, meter] = [barsView("Probability of each emotion"), levelMeter()];
const at = (id) => document.getElementById(id);
const missing = "about.json did not come: check the network and load the page again, or run make page again.";
const stop = () => ((at("from-a-file").textContent = missing), new Promise(() => {}));
const about = await fetch("about.json").then((file) => file.json()).catch(stop);
// A worker with a blob: address is under the policy of this page, so it cannot send a recording anywhere either.
const start = new Blob([`import "${new URL("worker.js", import.meta.url)}"`], { type: "text/javascript" });
const worker = new Worker(URL.createObjectURL(start), { type: "module" });
/** All recordings that were answered: {name, file, seconds, answer, stretches, isExplained, explanation}. */
const results = [];
const todo = []; // what `predict` was given and has not finished
/** The sentences of `about.plan` that were said: {meant, words, step, file, probabilities, z, before, after}. */
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

const failed = (why) => (at("loading-words").textContent = `It could not be loaded: ${why} Load the page again.`);
worker.onerror = ({ message }) => failed(message ? `${message}.` : "a file is missing, or the browser is too old.");
worker.onmessage = ({ data }) => {
  if (data.ready) ready();
  else if (data.failed) failed(data.failed);
  else at("loading-bar").value = data.share ?? 0;
};

function ready() {
  at("loading").hidden = true;
  for (const control of document.querySelectorAll("button, input, select")) control.disabled = false;
  navigator.serviceWorker?.register(`offline.js?${about.digest}`); // now, as the large files are kept already
  showPlan();
}

/** Predict recordings, given as files or as functions that return one, one after the other. */
async function predict(given) {
  todo.push(...given);
  if (todo.length > given.length) return; // the call that runs takes these too
  at("says").textContent = "";
  at("working").hidden = false;
  at("answer").classList.add("emotion-old");
  for (const [number, each] of todo.entries()) {
    const part = (share) => (at("working").value = (number + share) / todo.length);
    part(0);
    try {
      const file = each instanceof File ? each : await each();
      const notes = [];
      const samples = await decoded(file, notes);
      const seconds = samples.length / RATE;
      const { stretches = [], ...answer } = await ask(seconds > LONG ? "follow" : "predict", samples, part);
      results.push({ name: file.name, file, seconds, answer: { ...answer, notes }, stretches });
      show(results.at(-1));
    } catch (error) {
      at("says").append(error.message, " ");
    }
  }
  todo.length = 0;
  at("working").hidden = true;
  showTable();
}

/** Show one result: its name, its sound, its answer. */
function show(result) {
  shown = result;
  URL.revokeObjectURL(at("sound").src);
  at("sound").src = URL.createObjectURL(result.file);
  showAnswer(result);
  showStrip(at("strip"), result.stretches, about, (start) => {
    at("sound").currentTime = start;
    at("sound").play();
  });
  tellWhere();
}

function showAnswer({ name, answer, stretches, isExplained, explanation }) {
  const { before } = answer;
  const best = before && percent(Math.max(...before.probabilities));
  const usual = before ? ` Before it knew your voice: ${headline(before)}, ${best}.` : "";
  at("answer").hidden = false;
  at("answer").classList.remove("emotion-old");
  at("answer-name").replaceChildren(...wrapped(name));
  bars.show(inFull(answer, about, stretches.length ? " This is the mean over the recording." : usual));
  at("timeline").hidden = !stretches.length;
  at("sound").hidden = Boolean(recording);
  at("parts").hidden = Boolean(recording) || stretches.length > 0 || !hasSpeech(answer);
  at("explaining").hidden = !isExplained || Boolean(explanation);
  at("found").hidden = !explanation;
  at("decided").textContent = explanation ? showWeights(at("weights"), explanation, about) : "";
}

/** Find out which part of the shown recording decided, and show it if the recording is still shown. */
async function explain() {
  const result = shown;
  if (result.isExplained) return;
  result.isExplained = true;
  showAnswer(result);
  const passed = (share) => result === shown && (at("explaining").value = share);
  result.explanation = await ask("explain", await decoded(result.file), passed);
  if (result === shown && !recording) showAnswer(result);
}

/** Say what the answer is at the place that sounds. */
function tellWhere() {
  const time = at("sound").currentTime;
  const isNow = ({ start, end }) => time >= start && time < end;
  const stretch = shown?.stretches.find(isNow);
  at("now").textContent = stretch ? `At ${clock(time)}: ${headline(stretch)}` : "";
  const mark = (button, number) => button.setAttribute("aria-current", isNow(shown.stretches[number]));
  [...at("strip").children].forEach(mark);
}

const COLUMNS = ["recording", "seconds", "answer", "probability"];

/** Return a result as a row of the table, and behind it the probability of every emotion. */
function row({ name, seconds, answer }) {
  const rounded = (share, digits) => (hasSpeech(answer) ? share.toFixed(digits) : "");
  const shares = answer.probabilities.map((share) => rounded(share, 4));
  const emotion = answer.reason ? `unknown (${answer.reason})` : answer.emotion;
  return [name, seconds.toFixed(2), emotion, rounded(Math.max(...answer.probabilities), 3), ...shares];
}

function sorted() {
  const value = (result) => row(result)[order.column];
  const compare = (a, b) => value(a).localeCompare(value(b), "en", { numeric: true }); // take 2 before take 10
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
    const [name, ...cells] = row(result).slice(0, COLUMNS.length);
    const hear = make("button", { type: "button", click: () => choose(result) }, ...wrapped(name));
    return make("tr", {}, make("th", { scope: "row" }, hear), ...cells.map((cell) => make("td", {}, cell)));
  });
  at("table").tBodies[0].replaceChildren(...lines);
}

/** Record until the button is pressed again, and return the file; nothing if another is made or none can be. */
async function recorded(name, button, seconds, words, live = () => {}) {
  if (isRecording) return recording?.stop();
  isRecording = true;
  const idle = button.textContent;
  words.textContent = at("left").textContent = "";
  try {
    recording = await startRecording(name, seconds, (level, left) => {
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
  const answer = await ask("predict", await decoded(recording.latest()));
  follow.isBusy = false;
  if (recording) showAnswer({ name: "The last 3 seconds", answer, stretches: [] });
}

async function record() {
  const file = await recorded(`Recording ${recordings + 1}`, at("record"), RECORDING, at("says"), follow);
  if (!file) return;
  recordings++;
  predict([file]);
}

/** Show the sentence to say now, and those that were said. */
function showPlan() {
  const now = about.plan[step];
  const manner = now?.meant === about.ordinary ? "Say it as you usually speak" : "Say it as if you felt so";
  const words = now ? ` ${about.emotions[now.meant]}: “${now.words}”` : "That was the last sentence.";
  at("task").replaceChildren(...(now ? [mark(about.styles[now.meant])] : []), words);
  const how = `${manner}; sentence ${step + 1} of ${about.plan.length}.`;
  at("how").textContent = now ? how : "Adapt it, or choose an emotion.";
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
async function keep(number, file) {
  const samples = await decoded(file);
  if (samples.length > LONG * RATE) throw new Error(`This is longer than ${LONG} seconds; choose one sentence.`);
  const answer = await ask("predict", samples);
  if (!hasSpeech(answer)) throw new Error(`${sentence(answer, about)} The sentence is not kept; say it again.`);
  const { given: probabilities, z, before = answer } = answer;
  const utterance = { ...about.plan[number], step: number, file, probabilities, z, before };
  said = [...said.filter((each) => each.step !== number), utterance].map((each) => ({ ...each, after: null }));
  const missing = [...about.plan.keys()].filter((place) => !said.some((each) => each.step === place));
  step = missing.find((place) => place > number) ?? missing[0] ?? about.plan.length;
  verdict = at("voice-says").textContent = "";
  showPlan();
  const isOrdinary = ({ meant }) => meant === about.ordinary;
  if (said.every(isOrdinary) && said.length === about.plan.filter(isOrdinary).length) await adapt();
}

async function say() {
  const [number, file] = [step, await recorded("Your sentence", at("say"), SENTENCE, at("voice-says"))];
  if (file) await keep(number, file);
}

async function adapt() {
  const { why, isTest, after } = await ask("enrol", said);
  said = said.map((each, place) => ({ ...each, after: after[place] }));
  const right = (when) => said.filter((each) => each[when].emotion === about.emotions[each.meant]).length;
  const counts = `Of ${said.length}, ${right("before")} were predicted as meant before, and ${right("after")} after.`;
  const isOfOne = new Set(said.map(({ meant }) => meant)).size === 1;
  if (why) verdict = `Not adapted: ${why}.`;
  else if (isOfOne) verdict = "It knows your usual voice now. Sentences in each emotion help more.";
  else if (isTest) verdict = `${counts} Each was predicted with the others alone: a fair test, but a small one.`;
  else verdict = `${counts} It has learnt these very sentences: for a test, say two in each emotion.`;
  at("forget").hidden = at("save-voice").hidden = Boolean(why);
  showPlan();
}

/** Download what it learnt of the voice. */
const save = async () => download("my_voice.json", [await ask("save")]);

/** Restore what a file holds of a voice. */
async function restore([file]) {
  await ask("restore", file);
  said = said.map((each) => ({ ...each, after: null }));
  verdict = `${file.name}: it knows this voice now. Record something above.`;
  at("voice-says").textContent = "";
  at("forget").hidden = at("save-voice").hidden = false;
  showPlan();
}

async function forget() {
  await ask("forget");
  [said, step, verdict] = [[], 0, ""];
  at("forget").hidden = at("save-voice").hidden = true;
  at("voice-says").textContent = "Forgotten.";
  showPlan();
  at("say").focus();
}

/** Do a step of getting used to the voice, and show why it failed. */
const told = (work) => work.catch((error) => (at("voice-says").textContent = error.message));

at("from-a-file").hidden = true;
at("loading").hidden = false;
at("loading-words").textContent = `Loading the recogniser (${about.megabytes} MB, once) …`;
at("left").before(meter.element);
at("parts").before(bars.element);
bars.element.querySelector(".emotion-headline").role = "status";
for (const [path, name] of about.samples) {
  const get = async () => new File([await (await fetch(path)).blob()], name);
  at("samples").append(make("button", { type: "button", disabled: true, click: () => predict([get]) }, name));
}
const meant = [...new Set(about.plan.map((each) => each.meant))];
at("emotion").append(...meant.map((row) => make("option", { value: row }, about.emotions[row])));
at("record").addEventListener("click", record);
at("explain").addEventListener("click", explain);
for (const [id, work] of Object.entries({ say, adapt, forget, "save-voice": save }))
  at(id).addEventListener("click", () => told(work()));
const taken = { files: predict, "said-file": ([file]) => keep(step, file), "voice-file": restore };
for (const [id, work] of Object.entries(taken))
  at(id).addEventListener("change", async ({ target }) => {
    await told(work([...target.files]));
    target.value = "";
  });
const go = (place) => ((step = place), showPlan());
const firstOf = (emotion) => about.plan.findIndex(({ meant }) => meant === emotion);
at("skip").addEventListener("click", () => go(step + 1));
at("emotion").addEventListener("change", ({ target }) => go(firstOf(Number(target.value))));
at("sound").addEventListener("timeupdate", tellWhere);
const table = () => csv([[...COLUMNS, ...about.emotions], ...sorted().map(row)]);
at("save-table").addEventListener("click", () => download("emotions.csv", ["\ufeff", table()]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length && !at("files").disabled) predict([...event.dataTransfer.files]);
});
