// Runs the networks, so that the page stays free. A message {task, given} names a method of Recognizer and gets {share}
// for progress through its port, then {answer} or {error}; other {share}, {ready} and {failed} tell of the loading.

import * as ort from "./ort.wasm.min.mjs";
import { Recognizer } from "./recognizer.js";
import { VoiceModel } from "./voice.js";

ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
ort.env.wasm.numThreads = 1; // more need headers that most hosts of static pages do not send

const FILES = ["recognizer.onnx", "voice_activity.onnx", "voices.bin", "ort-wasm-simd-threaded.wasm"];

/** Load a file, and tell how many bytes of it came. */
async function loaded(name, version, came) {
  const response = await fetch(new URL(`${name}?${version}`, import.meta.url));
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}).`);
  const transform = (part, stream) => [came(part.length), stream.enqueue(part)];
  const counted = response.body.pipeThrough(new TransformStream({ transform }));
  return new Uint8Array(await new Response(counted).arrayBuffer());
}

async function load() {
  const about = await (await fetch(new URL("about.json", import.meta.url))).json();
  let bytes = 0;
  const came = (some) => postMessage({ share: (bytes += some) / about.bytes });
  const [emotion, speech, voices, wasm] = await Promise.all(FILES.map((name) => loaded(name, about.digest, came)));
  ort.env.wasm.wasmBinary = wasm.buffer;
  const model = new VoiceModel(about, new Float32Array(voices.buffer));
  const [network, detector] = [await ort.InferenceSession.create(emotion), await ort.InferenceSession.create(speech)];
  postMessage({ ready: true });
  return new Recognizer(ort, { emotion: network, speech: detector }, model, about);
}

const recognizer = load();
recognizer.catch((error) => postMessage({ failed: error.message }));
let last = recognizer;

onmessage = ({ data: { task, given }, ports: [port] }) => {
  const answer = async () => {
    try {
      const used = await recognizer;
      port.postMessage({ answer: await used[task](given, (share) => port.postMessage({ share })) });
    } catch (error) {
      port.postMessage({ error: error.message });
    }
  };
  // One after the other, in the order in which they were asked; an explanation, which takes long, goes beside them.
  if (task === "explain") answer();
  else last = last.catch(() => {}).then(answer);
};
