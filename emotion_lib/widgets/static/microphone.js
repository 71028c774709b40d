// The microphone, for the widgets and for the page in the browser: samples of it, and of files that the browser decodes.
// `COLLECTOR` is the address of collector.js, which base.py and docs/page/make.py set.

/** Loudness, pitch and timbre carry emotion, and the processing of browsers for telephony would change all three. */
const UNTOUCHED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const PART_SECONDS = 0.05;
const OPENS_WITHIN = 5000; // milliseconds

/** The sentence for the user when the microphone is not available, by the name of the error. */
const REFUSALS = {
  NotAllowedError:
    "The browser did not allow the microphone. Allow it for this page, usually at the left of the address bar, and try " +
    "again.",
  NotFoundError: "There is no microphone. Connect one and try again.",
  NotReadableError:
    "No sound comes from the microphone; perhaps another program is using it. Close that program and try again.",
  StuckError:
    "The browser has not started to record. Some browsers cannot record without loudspeakers or headphones: connect " +
    "some, reload the page and try again.",
  InsecureError:
    "Browsers allow the microphone only on pages from this machine or over https, and this page is neither. Open it at " +
    "localhost.",
};

/** Return the sentence for an error. */
function refusal(error) {
  return REFUSALS[error.name] ?? `The microphone cannot be used (${error.message}).`;
}

/**
 * Open the microphone, and call `received(samples, level)` twenty times a second.
 *
 * Returns its `rate`, and `close()`, which releases it. It is released too when the view is removed (its `signal`), and
 * when the microphone is unplugged; then `lost()` is called.
 */
async function openMicrophone(signal, received, lost) {
  if (!navigator.mediaDevices || !window.AudioWorkletNode) throw new DOMException("", "InsecureError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: UNTOUCHED });
  const context = new AudioContext();
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    if (context.state !== "closed") context.close();
  };
  const patience = new Promise((_, reject) =>
    setTimeout(() => reject(new DOMException("", "StuckError")), OPENS_WITHIN),
  );
  try {
    await Promise.race([collect(context, stream, received), patience]);
  } catch (error) {
    close();
    throw error;
  }
  if (signal.aborted) close(); // the view was removed while the user was asked for permission
  signal.addEventListener("abort", close);
  stream.getAudioTracks()[0].addEventListener("ended", () => [close(), lost()]);
  return { rate: context.sampleRate, close };
}

/** Hand over the samples of a stream, mixed to one channel; the promise ends with the first of them. */
async function collect(context, stream, received) {
  await context.audioWorklet.addModule(COLLECTOR);
  const size = Math.round(PART_SECONDS * context.sampleRate);
  const collector = new AudioWorkletNode(context, "emotion-collector", {
    channelCount: 1,
    channelCountMode: "explicit",
    processorOptions: { size },
  });
  const begun = new Promise((resolve) => {
    collector.port.onmessage = ({ data }) => {
      resolve();
      received(data, loudness(data));
    };
  });
  context.createMediaStreamSource(stream).connect(collector);
  collector.connect(context.destination); // silent; some browsers run only connected nodes
  await Promise.all([context.resume(), begun]);
}

/**
 * Record for some seconds; `passed(level, left, samples)` is called meanwhile, with the newest samples.
 *
 * Returns `stop()`, which ends the recording early, the promise `recorded` of the samples and their rate, and the `rate`.
 */
async function startRecording(seconds, signal, passed) {
  const parts = [];
  let length = 0;
  let microphone = null;
  let resolve = null;
  const recorded = new Promise((whole) => (resolve = whole));
  const stop = () => {
    microphone.close();
    resolve({ samples: joined(parts, Math.round(seconds * microphone.rate)), rate: microphone.rate });
  };
  const keep = (samples, level) => {
    if (!microphone) return;
    parts.push(samples);
    length += samples.length;
    const left = seconds - length / microphone.rate;
    passed(level, left, samples);
    if (left <= 0) stop();
  };
  microphone = await openMicrophone(signal, keep, stop);
  return { stop, recorded, rate: microphone.rate };
}

/** Return the level of the loudest sample: 0 at -60 dB or less, 1 at full scale. */
function loudness(samples) {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0.001);
  return Math.min(1, 1 + (20 * Math.log10(peak)) / 60);
}

/** A bar for the loudness and a countdown; `show(level, left)` takes a level from 0 to 1, and seconds if it ends. */
function levelMeter() {
  const bar = make("meter", { class: "emotion-level", min: 0, max: 1, high: 0.98, optimum: 0.5, value: 0 });
  bar.setAttribute("aria-label", "Level of the microphone");
  const countdown = make("span", { class: "emotion-left", "aria-hidden": "true", hidden: true });
  const show = (level, left) => {
    bar.value = level;
    countdown.hidden = left === undefined;
    countdown.textContent = `${Math.max(0, Math.ceil(left))} s left`;
  };
  return { element: make("span", { class: "emotion-row" }, bar, countdown), show };
}

/** Return samples that came in parts as one array of at most `length`. */
function joined(parts, length) {
  const all = new Float32Array(Math.min(length, parts.reduce((sum, part) => sum + part.length, 0)));
  let place = 0;
  for (const part of parts) {
    all.set(part.subarray(0, all.length - place), place);
    place = Math.min(all.length, place + part.length);
  }
  return all;
}

/**
 * Return a recording that the browser can decode: its samples, mixed to one channel, and their rate; whether they are
 * finite; and the number of the loudest `channel`, from 1, if it alone is read, because the mean of all is over 20 dB
 * below them, as in emotion_lib.audio.
 */
async function decode(content, seconds, rate = 48000) {
  // decodeAudioData resamples to the rate of its context.
  const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(content);
  const length = Math.min(sound.length, Math.ceil(seconds * rate));
  const channels = Array.from({ length: sound.numberOfChannels }, (_, number) => sound.getChannelData(number));
  const powers = channels.map((channel) => power(channel, length));
  const loudest = powers.indexOf(Math.max(...powers));
  const samples = mixed(channels, length);
  const isGone = length >= 1024 && 100 * power(samples, length) < powers.reduce((a, b) => a + b) / powers.length;
  const used = isGone && channels.length > 1 ? channels[loudest].slice(0, length) : samples;
  return { samples: used, rate, isFinite: powers.every(Number.isFinite), channel: used === samples ? 0 : loudest + 1 };
}

// Plain loops: a function called for each sample would block the page for tenths of a second.

/** Return the mean of channels. */
function mixed(channels, length) {
  const samples = channels[0].slice(0, length);
  if (channels.length === 1) return samples;
  for (const channel of channels.slice(1)) for (let n = 0; n < length; n++) samples[n] += channel[n];
  for (let n = 0; n < length; n++) samples[n] /= channels.length;
  return samples;
}

/** Return the mean square of samples about their mean. */
function power(samples, length) {
  let [sum, squares] = [0, 0];
  for (let n = 0; n < length; n++) {
    sum += samples[n];
    squares += samples[n] ** 2;
  }
  return squares / length - (sum / length) ** 2;
}
