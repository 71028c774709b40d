// The page: it asks the worker, and shows what it answers. Nothing leaves it.

import { barsView, clock, csv, download, levelMeter, make, mark, percent, refusal } from "./shared.js";
import { showStrip, wrapped } from "./shared.js";
import { decoded, record as startRecording } from "./sound.js";
import { RATE } from "./speech.js";
import { hasSpeech, headline, inFull, showSaid, showWeights } from "./views.js";

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
/** All recordings that were answered: {name, file, seconds, answer, stretches, voice, isExplained, explanation}. */
let results = [];
const todo = []; // what `predict` was given and has not finished
/** The sentences of `about.plan` that were said: {meant, words, step, file, probabilities, z, before, after}. */
let [said, step] = [[], 0];
let [voice, voices] = [null, 0]; // to which it is adapted, {name, isOfSaid}; and how many there were
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

const failed = (why) => (at("loading-words").textContent = `The page could not be loaded: ${why} Load it again.`);
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

/** Predict recordings one after the other, given as files or as functions that return one. */
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
      const [file, notes] = [each instanceof File ? each : await each(), []];
      const samples = await decoded(file, notes);
      const seconds = samples.length / RATE;
      const { stretches = [], ...answer } = await ask(seconds > LONG ? "follow" : "predict", samples, part);
      results = results.filter((other) => other.name !== file.name || other.file.size !== file.size);
      results.push({ name: file.name, file, seconds, answer: { ...answer, notes }, stretches, voice });
      show(results.at(-1));
    } catch (error) {
      at("says").append(make("p", {}, error.message));
    }
  }
  todo.length = 0;
  at("working").hidden = true;
  showTable();
}

/** Take files that were chosen or dropped: recordings, or a voice that was saved. */
const take = (files) => (/\.json$/i.test(files[0]?.name) ? restore(files) : predict(files));

const hear = (result) => [show(result), play()];

/** Show one result: its name, its sound, its answer. */
function show(result) {
  shown = result;
  URL.revokeObjectURL(at("sound").src);
  at("sound").src = URL.createObjectURL(result.file);
  showAnswer(result);
  const style = ({ emotion }) => about.styles[about.emotions.indexOf(emotion)];
  const stretches = result.stretches.map((each) => ({ ...style(each), ...each, said: headline(each) }));
  showStrip(at("strip"), at("axis"), stretches, play);
  tellWhere();
}

/** Play the shown recording; the event "error" tells if that cannot be. */
function play(from = 0) {
  at("sound").currentTime = from;
  at("sound").play().catch(() => {});
}

/** Show no answer, and give its sound back. */
function clear() {
  shown = null;
  URL.revokeObjectURL(at("sound").src);
  at("sound").src = "";
  at("answer").hidden = true;
}

function showAnswer({ name, answer, stretches, isExplained, explanation, voice: used }) {
  const { before } = answer;
  const best = before && percent(Math.max(...before.probabilities));
  const usual = before ? ` Before it knew your voice: ${headline(before)}, ${best}.` : "";
  at("answer").hidden = false;
  at("answer").classList.toggle("emotion-old", used !== voice);
  at("old").hidden = used === voice;
  at("answer-name").replaceChildren(...wrapped(name));
  bars.show(inFull(answer, about, stretches.length ? " This is the mean over the recording." : usual));
  at("timeline").hidden = !stretches.length;
  at("sound").hidden = Boolean(recording);
  at("parts").hidden = Boolean(recording) || used !== voice || stretches.length > 0 || !hasSpeech(answer);
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
  result.explanation = await decoded(result.file)
    .then((samples) => ask("explain", samples, passed))
    .catch((error) => void (at("says").textContent = error.message));
  result.isExplained = Boolean(result.explanation);
  if (result === shown && !recording) showAnswer(result);
}

/** Say what the answer is at the place that sounds. Tab reaches it on the strip, and arrow keys reach the others. */
function tellWhere() {
  const time = at("sound").currentTime;
  const place = shown?.stretches.findIndex(({ start, end }) => time >= start && time < end) ?? -1;
  at("now").textContent = place < 0 ? "" : `At ${clock(time)}: ${headline(shown.stretches[place])}`;
  [...at("strip").children].forEach((button, number) => {
    button.ariaCurrent = String(number === place);
    button.tabIndex = number === Math.max(place, 0) ? 0 : -1;
  });
}

const COLUMNS = ["recording", "seconds", "answer", "probability"];

/** Return a result as a row of the table, and behind it the probability of every emotion and the voice. */
function row({ name, seconds, answer, voice: used }) {
  const rounded = (share, digits) => (hasSpeech(answer) ? share.toFixed(digits) : "");
  const shares = answer.probabilities.map((share) => rounded(share, 4));
  const best = rounded(Math.max(...answer.probabilities), 3);
  return [name, seconds.toFixed(2), headline(answer), best, ...shares, used?.name ?? "none"];
}

function sorted() {
  const value = (result) => row(result)[order.column];
  const compare = (a, b) => value(a).localeCompare(value(b), "en", { numeric: true }); // take 2 before take 10
  return [...results].sort((a, b) => (order.down ? compare(b, a) : compare(a, b)));
}

const heads = COLUMNS.map((name, column) => {
  const click = () => showTable({ column, down: column === order.column && !order.down });
  return make("th", { scope: "col" }, make("button", { type: "button", click }, name));
});

/** Show all results in a table, if there are several. */
function showTable(by = order) {
  order = by;
  at("many").hidden = results.length < 2;
  for (const head of heads) head.ariaSort = "none";
  heads[order.column].ariaSort = order.down ? "descending" : "ascending";
  const lines = sorted().map((result) => {
    const [name, ...cells] = row(result).slice(0, COLUMNS.length);
    const isOld = result.voice !== voice;
    if (isOld) cells[1] += " (outdated)";
    const choose = () => [hear(result), at("answer").scrollIntoView({ block: "nearest" })];
    const named = make("button", { type: "button", click: choose }, ...wrapped(name));
    const others = cells.map((cell) => make("td", {}, cell));
    return make("tr", { class: isOld && "emotion-old" }, make("th", { scope: "row" }, named), ...others);
  });
  at("table").tBodies[0].replaceChildren(...lines);
}

/** Record until the button is pressed again, and return the file; nothing if another is made or none can be. */
async function recorded(name, button, seconds, words, live = () => {}) {
  if (isRecording) return recording?.stop();
  isRecording = true;
  const others = ["record", "say", "steps", "said", "many"].map(at).filter((other) => other !== button);
  for (const other of others) other.inert = true;
  at("sound").pause();
  const idle = button.textContent;
  words.textContent = "";
  try {
    recording = await startRecording(name, seconds, (level, left) => {
      meter.show(level, left);
      live();
    });
    button.textContent = "Stop";
    meter.show(0, seconds);
    button.after(meter.element);
    return await recording.recorded;
  } catch (error) {
    words.textContent = `${refusal(error)} Or choose a file.`;
  } finally {
    [recording, isRecording] = [null, false];
    for (const other of others) other.inert = false;
    button.textContent = idle;
    meter.element.remove();
  }
}

/** Show the answer for the last seconds of the recording that is being made, as often as the worker can. */
async function follow() {
  if (follow.isBusy || !recording) return;
  follow.isBusy = true;
  const answer = await decoded(recording.latest()).then((given) => ask("predict", given)).catch(() => null);
  follow.isBusy = false;
  if (recording && answer) showAnswer({ name: "The last 3 seconds", answer, stretches: [], voice });
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
  const manner = now?.meant === about.ordinary ? "Say it as you usually speak" : "Say it as if you felt this emotion";
  const words = now ? ` ${about.emotions[now.meant]}: “${now.words}”` : "That was the last sentence.";
  at("task").replaceChildren(...(now ? [mark(about.styles[now.meant])] : []), words);
  const how = `${manner}; sentence ${step + 1} of ${about.plan.length}.`;
  at("how").textContent = now ? how : "Adapt the recogniser, or choose an emotion and say more.";
  at("emotion").value = now?.meant ?? "";
  for (const id of ["say", "said-file", "skip"]) at(id).disabled = !now;
  at("adapt").disabled = !said.length;
  showSaid(at("said"), said, about, (each) => hear({ ...each, voice: each.after && voice }), remove);
  at("forget").hidden = !voice && !said.length;
  at("save-voice").hidden = !voice;
  if (shown && !recording) showAnswer(shown); // it is outdated if the voice has changed
  showTable();
}

/** Take a sentence out; a voice that was learnt with it is no longer used. */
async function remove(gone) {
  said = said.filter((each) => each !== gone).map((each) => ({ ...each, after: null }));
  step = gone.step;
  if (shown?.step === gone.step) clear();
  at("verdict").textContent = voice?.isOfSaid ? "The voice is no longer used: adapt again to what is left." : "";
  if (voice?.isOfSaid) voice = await ask("forget");
  showPlan();
  at("say").focus();
}

/** Keep a recording of the sentence `number`, and go to the next missing one; after the ordinary ones, adapt. */
async function keep(number, file) {
  const samples = await decoded(file);
  if (samples.length > LONG * RATE) throw new Error(`${file.name}: longer than ${LONG} seconds; choose one sentence.`);
  const answer = await ask("predict", samples);
  if (!hasSpeech(answer)) throw new Error(`${file.name} is not kept (${answer.reason}); record or choose another.`);
  const { given: probabilities, z, before = answer } = answer;
  const utterance = { ...about.plan[number], step: number, file, probabilities, z, before };
  said = [...said.filter((each) => each.step !== number), utterance].map((each) => ({ ...each, after: null }));
  const missing = [...about.plan.keys()].filter((place) => !said.some((each) => each.step === place));
  step = missing.find((place) => place > number) ?? missing[0] ?? about.plan.length;
  at("verdict").textContent = voice ? "Adapt again, so that it learns from this sentence too." : "";
  showPlan();
  const isOrdinary = ({ meant }) => meant === about.ordinary;
  if (said.every(isOrdinary) && said.length === about.plan.filter(isOrdinary).length) await adapt();
}

async function say() {
  const [number, file] = [step, await recorded("Your sentence", at("say"), SENTENCE, at("verdict"))];
  if (file) await keep(number, file);
}

async function adapt() {
  const given = said;
  const { why, isTest, after } = await ask("enrol", given);
  if (given !== said) return said.length ? adapt() : forget();
  said = said.map((each, place) => ({ ...each, after: after[place] }));
  const right = (when) => said.filter((each) => each[when].emotion === about.emotions[each.meant]).length;
  const counts = `Predicted as meant: ${right("before")} of ${said.length} before adapting, ${right("after")} after.`;
  const isOfOne = new Set(said.map(({ meant }) => meant)).size === 1;
  let verdict = `${counts} It was adapted to these sentences too: for a fair test, say two in each emotion.`;
  if (why) verdict = `Not adapted: ${why}.`;
  else if (isOfOne) verdict = "It knows your usual voice now. Sentences in each emotion help more.";
  else if (isTest) verdict = `${counts} Each was predicted after adapting to the others: a fair test, but a small one.`;
  at("verdict").textContent = verdict;
  voice = why ? null : { name: `adapted ${++voices}`, isOfSaid: true };
  showPlan();
}

/** Restore what a file holds of a voice. */
async function restore([file]) {
  await ask("restore", file);
  said = said.map((each) => ({ ...each, after: null }));
  at("verdict").textContent = `${file.name}: the recogniser is adapted to this voice now. Record something above.`;
  voice = { name: file.name };
  showPlan();
}

async function forget() {
  voice = await ask("forget");
  [said, step] = [[], 0];
  if (shown?.step >= 0) clear();
  at("verdict").textContent = "Forgotten.";
  showPlan();
  at("say").focus();
}

/** Do a step of getting used to the voice, and show why it failed. */
const told = (work) => work.catch((error) => (at("verdict").textContent = error.message));

at("from-a-file").hidden = true;
at("loading").hidden = false;
at("loading-words").textContent = `Loading the recogniser (${about.megabytes} MB, once) …`;
at("table").tHead.append(make("tr", {}, ...heads));
at("parts").before(bars.element);
bars.element.querySelector(".emotion-headline").role = "status";
for (const [path, name] of about.samples) {
  const lost = () => Promise.reject(new Error(`${name}: it did not come; check the network and press it again.`));
  const came = (response) => (response.ok ? response.blob() : lost());
  const get = async () => new File([await fetch(path).then(came, lost)], name);
  at("samples").append(make("button", { type: "button", disabled: true, click: () => predict([get]) }, name));
}
const meant = [...new Set(about.plan.map((each) => each.meant))];
at("emotion").append(...meant.map((row) => make("option", { value: row }, about.emotions[row])));
at("record").addEventListener("click", record);
at("explain").addEventListener("click", explain);
const save = async () => download("my_voice.json", [await ask("save")]);
for (const [id, work] of Object.entries({ say, adapt, forget, "save-voice": save }))
  at(id).addEventListener("click", () => told(work()));
const taken = { files: take, "said-file": ([file]) => keep(step, file), "voice-file": restore };
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
at("sound").addEventListener("error", () => {
  if (shown) at("says").textContent = `${shown.name}: it cannot be played; if it was moved, choose it again.`;
});
at("again").addEventListener("click", () => predict([shown.file]));
const table = () => csv([[...COLUMNS, ...about.emotions, "voice"], ...sorted().map(row)]);
at("save-table").addEventListener("click", () => download("emotions.csv", ["\ufeff", table()]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  told(take([...event.dataTransfer.files])); // the worker answers once it is ready
});
