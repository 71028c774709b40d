// Runs the networks, so that the page stays free. A message {task, given} names a method of Recognizer and gets {share}
// for progress through its port, then {answer} or {error}; other {share}, {ready} and {failed} tell of the loading.

import * as ort from "./ort.wasm.min.mjs";
import { Recognizer } from "./recognizer.js";
import { VoiceModel } from "./voice.js";

ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
ort.env.wasm.numThreads = 1; // more need headers that most hosts of static pages do not send

/** Load a file, tell how many bytes of it came, and keep it, so that offline.js need not fetch it again. */
async function loaded(name, version, came) {
  const address = new URL(`${name}?${version}`, import.meta.url);
  const cache = await globalThis.caches?.open(version).catch(() => null); // a browser may be told to keep nothing
  const kept = await cache?.match(address);
  const response = kept ?? (await fetch(address).catch(() => ({ status: "check the network" })));
  if (!response.ok) throw new Error(`${name} did not come (${response.status}).`);
  const keeping = kept ? null : cache?.put(address, response.clone()).catch(() => {}); // else the next visit loads it
  const transform = (part, stream) => [came(part.length), stream.enqueue(part)];
  const counted = response.body.pipeThrough(new TransformStream({ transform }));
  return (await Promise.all([new Response(counted).arrayBuffer(), keeping]))[0];
}

async function load() {
  const about = await (await fetch(new URL("about.json", import.meta.url))).json();
  let bytes = 0;
  const came = (some) => postMessage({ share: (bytes += some) / about.bytes });
  const files = about.loaded.map((name) => loaded(name, about.digest, came));
  const [emotion, speech, voices, wasm] = await Promise.all(files);
  ort.env.wasm.wasmBinary = wasm;
  const model = new VoiceModel(about, new Float32Array(voices));
  const [network, detector] = [await ort.InferenceSession.create(emotion), await ort.InferenceSession.create(speech)];
  postMessage({ ready: true });
  return new Recognizer(ort, { emotion: network, speech: detector }, model, about);
}

const recognizer = load();
recognizer.catch((error) => postMessage({ failed: error.message }));
let last = Promise.resolve();

onmessage = ({ data: { task, given }, ports: [port] }) => {
  const answer = () =>
    recognizer
      .then((used) => used[task](given, (share) => port.postMessage({ share })))
      .then((answer) => port.postMessage({ answer }))
      .catch((error) => port.postMessage({ error: error.message }));
  // One after the other, in the order in which they were asked; an explanation, which takes long, goes beside them.
  if (task === "explain") answer();
  else last = last.then(answer);
};
