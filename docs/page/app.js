// The page: it asks the worker, and shows what it answers. Nothing leaves it.

import { decoded, refusal, startRecording, wav } from "./sound.js";
import { clock, csv, hasSpeech, headline, make, mark, percent, sentence, showBars, showStrip, stretches } from "./views.js";
import { RATE } from "./speech.js";

const LONG = 15; // seconds from which a recording becomes a timeline
const RECORDING = 60; // seconds after which a recording stops by itself
const SENTENCE = 8; // the same for one of the three sentences
const SENTENCES = ["The keys are on the kitchen table.", "She comes home at eleven.", "I saw the letter this morning."];

const at = (id) => document.getElementById(id);
const about = await (await fetch("about.json")).json();
const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();
/** All recordings that were answered: {name, sound, seconds, answer, rows}. */
const results = [];
const said = SENTENCES.map(() => null);
const todo = []; // what `predict` was given and has not finished
let [shown, order] = [null, { column: 0, down: false }];
let [recording, isRecording, recordings] = [null, false, 0]; // "is" also while the browser asks for permission

/** Ask the worker, and return its answer; `passed(share)` is called meanwhile. Samples are handed over, not copied. */
function ask(task, given, passed = () => {}) {
  const id = waiting.size ? Math.max(...waiting.keys()) + 1 : 0;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, passed });
    worker.postMessage({ id, task, given }, given instanceof Float32Array ? [given.buffer] : []);
  });
}

const failed = (why) => (at("loading-words").textContent = `The recogniser could not be loaded: ${why} Load the page again.`);
worker.onerror = ({ message }) => failed(message ? `${message}.` : "a file is missing, or the browser is too old.");
worker.onmessage = ({ data }) => {
  const { resolve, reject, passed } = waiting.get(data.id) ?? {};
  if (data.ready) ready();
  else if (data.failed) failed(data.failed);
  else if (!passed) at("loading-bar").value = data.share ?? 0;
  else if ("share" in data) passed(data.share);
  else {
    waiting.delete(data.id);
    if ("error" in data) reject(new Error(data.error));
    else resolve(data.answer);
  }
};

function ready() {
  at("loading").hidden = true;
  for (const control of document.querySelectorAll("button, input")) control.disabled = false;
}

/** Predict recordings, given as [name, function that returns their samples and their sound], one after the other. */
async function predict(given) {
  todo.push(...given);
  if (todo.length > given.length) return; // the call that runs takes these too
  at("says").textContent = "";
  at("working").hidden = false;
  at("answer").classList.add("old");
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
  at("answer").hidden = false;
  at("answer").classList.remove("old");
  at("answer-name").textContent = name;
  const style = about.styles[about.emotions.indexOf(answer.emotion)];
  at("headline").replaceChildren(...(style ? [mark(style), " "] : []), headline(answer));
  at("sentence").textContent = sentence(answer, about) + (rows.length ? " This is the mean over the recording." : "");
  at("warning").textContent = answer.warning && `Careful: ${answer.warning}. Trust the answer less, even if its probability is high.`;
  at("warning").hidden = !answer.warning;
  showBars(at("bars"), answer, about);
  at("timeline").hidden = !rows.length;
  at("sound").hidden = Boolean(recording);
}

/** Say what the answer is at the place that sounds. */
function tellWhere() {
  const time = at("sound").currentTime;
  const row = shown?.rows.find(({ start, end }) => time >= start && time < end);
  at("now").textContent = row ? `At ${clock(time)}: ${headline(row)}` : "";
  const places = stretches(shown?.rows ?? []);
  [...at("strip").children].forEach((button, number) => {
    const { start, end } = places[number];
    button.setAttribute("aria-current", time >= start && time < end);
  });
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
    const choose = () => {
      show(result);
      at("answer").scrollIntoView({ block: "nearest" });
    };
    const hear = make("button", { type: "button", click: choose }, name);
    return make("tr", {}, make("th", { scope: "row" }, hear), ...cells.map((cell) => make("td", {}, cell)));
  });
  at("table").tBodies[0].replaceChildren(...lines);
}

/** Record until the button is pressed again, and return the samples; nothing if another is made or none can be. */
async function recorded(button, seconds, words, live = () => {}) {
  if (isRecording) return recording?.stop();
  isRecording = true;
  const idle = button.textContent;
  words.textContent = "";
  try {
    recording = await startRecording(seconds, (level, left) => {
      at("loudness").value = level;
      at("left").textContent = `${Math.ceil(left)} s left`;
      live();
    });
    button.textContent = "Stop";
    button.classList.add("records");
    button.after(at("level"));
    at("level").hidden = false;
    return await recording.recorded;
  } catch (error) {
    words.textContent = refusal(error);
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

const EMOTION_OF = { ANG: "angry", HAP: "happy", NEU: "neutral", SAD: "sad" };

/** Return a button that predicts a sample of CREMA-D, such as 1008_DFA_ANG_XX.flac. */
function sampleButton(path) {
  const [actor, , meant] = path.split("/").at(-1).split("_");
  const name = `${actor === "1008" ? "woman" : "man"}, ${EMOTION_OF[meant]}`;
  const read = async () => decoded(new File([await (await fetch(path)).blob()], name));
  return make("button", { type: "button", disabled: true, click: () => predict([[name, read]]) }, name);
}

/** Record one of the three ordinary sentences, and get used to the voice when all are there. */
async function say(number, button) {
  const samples = await recorded(button, SENTENCE, at("voice-says"));
  if (!samples) return;
  if (!at("forget").hidden) await forget();
  const { whole: answer } = await ask("predict", samples);
  if (!hasSpeech(answer)) throw new Error(`Sentence ${number + 1}: ${sentence(answer, about)} Say it again.`);
  said[number] = answer;
  button.textContent = "Say it again";
  const missing = said.filter((each) => !each).length;
  if (missing) at("voice-says").textContent = `${missing} to go.`;
  else await enrol();
}

async function enrol() {
  const why = await ask("enrol", said);
  if (why) said.fill(null);
  at("voice-says").textContent = why
    ? `${why} The recogniser is not adapted. Say all three again, with the same microphone.`
    : "It knows your usual voice now. Record something: the answers take it into account.";
  at("forget").hidden = Boolean(why);
}

async function forget() {
  await ask("forget");
  at("forget").hidden = true;
  at("voice-says").textContent = "Forgotten.";
}

/** Show why a step of getting used to the voice failed. */
const told = (step) => step.catch((error) => (at("voice-says").textContent = error.message));

/** Predict the files that are dropped. */
function drop(event) {
  event.preventDefault();
  if (event.dataTransfer.files.length && !at("files").disabled) files(event.dataTransfer.files);
}

function start() {
  at("from-a-file").hidden = true;
  at("loading").hidden = false;
  at("loading-words").textContent = `Loading the recogniser (${Math.round(about.bytes / 2 ** 20)} MB, once) …`;
  at("samples").append(...about.files.filter((name) => name.endsWith(".flac")).map(sampleButton));
  at("sentences").append(
    ...SENTENCES.map((words, number) => {
      const [id, click] = [`sentence-${number}`, ({ target }) => told(say(number, target))];
      const button = make("button", { type: "button", disabled: true, "aria-describedby": id, click }, "Record");
      return make("li", {}, make("span", { id }, words), " ", button);
    }),
  );
  at("record").addEventListener("click", record);
  at("files").addEventListener("change", ({ target }) => files(target.files).then(() => (target.value = "")));
  at("forget").addEventListener("click", () => { said.fill(null); told(forget()); });
  at("sound").addEventListener("timeupdate", tellWhere);
  at("save").addEventListener("click", () => {
    const content = new Blob(["\ufeff", csv(everything())], { type: "text/csv" });
    const link = make("a", { href: URL.createObjectURL(content), download: "emotions.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // not at once: the browser may still be reading it
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", drop);
  navigator.serviceWorker?.register(`offline.js?${about.digest}`);
}

start();
