// Record, or upload a file: two ways to give the kernel a recording.

const PATIENCE = 30000; // milliseconds

/**
 * A button that records, a level, a countdown, and a field for a file; the recording goes to the kernel in a message
 * with `extra`.
 */
function recorder(model, signal, extra = {}) {
  const face = recorderFace(() => model.get("seconds"));
  let recording = null;
  let uploaded = null;
  let patience = 0;

  const rest = (words = "") => {
    clearTimeout(patience);
    face.show("idle", words);
  };

  const send = (bytes, message) => {
    face.show("waiting", "The recogniser is working …");
    patience = setTimeout(() => rest(NO_ANSWER), PATIENCE);
    if (!deliver(model, bytes, { ...message, ...extra })) rest(NO_ANSWER);
  };

  const record = async () => {
    face.show("opening", "Waiting for the microphone …");
    try {
      recording = await startRecording(model.get("seconds"), signal, face.passed);
      face.show("recording", "Recording: speak now.");
      const { samples, rate } = await recording.recorded;
      send(samples.buffer, { do: "recorded", rate });
    } catch (error) {
      rest(refusal(error));
    } finally {
      recording = null;
    }
  };

  const upload = async () => {
    const [chosen] = face.file.files;
    const problem = chosen && unfit(chosen, model.get("limits").megabytes);
    face.file.value = "";
    if (problem) rest(problem);
    if (!chosen || problem) return;
    uploaded = chosen;
    send(await chosen.arrayBuffer(), { do: "uploaded", name: chosen.name });
  };

  /** Decode a file that the kernel cannot, or show the error of the kernel. */
  const decodeUploaded = async (why) => {
    try {
      const { samples, rate } = await decode(await uploaded.arrayBuffer(), model.get("limits").seconds + 1);
      send(samples.buffer, { do: "recorded", rate, name: uploaded.name });
    } catch {
      rest(why);
    }
  };

  const answered = ({ do: what, why }) => {
    if (!face.isWaiting()) return; // the message is for another recorder
    if (what === "decode") decodeUploaded(why);
    else if (what === "taken") rest();
  };
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => {
    clearTimeout(patience);
    model.off("msg:custom", answered);
  });
  face.button.addEventListener("click", () => (recording ? recording.stop() : record()));
  face.file.addEventListener("change", upload);
  rest();
  return face.element;
}

/** Return the reason why a file cannot be sent, or an empty text if it can be sent. */
function unfit({ name, size }, most) {
  if (size === 0) return `${name}: an empty file; choose a recording.`;
  if (size <= 1e6 * most) return "";
  return `${name}: ${Math.ceil(size / 1e6)} MB; at most ${most} MB can be uploaded. Choose a part of it.`;
}

/** The visible parts of a recorder in each state: "idle", "opening", "recording" or "waiting" for the kernel. */
function recorderFace(seconds) {
  const button = make("button", { type: "button", class: "emotion-record" });
  const level = levelMeter();
  const countdown = make("span", { class: "emotion-left", "aria-hidden": "true" });
  const file = make("input", { type: "file", accept: "audio/*,video/webm,video/mp4,.flac,.ogg,.opus,.m4a" });
  const label = make("label", { class: "emotion-upload" }, "or upload a recording ", file);
  const notice = make("p", { role: "status", class: "emotion-notice" });
  const row = make("div", { class: "emotion-row" }, button, level.element, countdown, label);
  let state = "idle";
  const passed = (loud, left) => {
    level.show(loud);
    countdown.textContent = `${Math.max(0, Math.ceil(left))} s left`;
  };
  const show = (now, words) => {
    state = now;
    const isRecording = state === "recording";
    if (isRecording) passed(0, seconds());
    button.textContent = isRecording ? "Stop" : `Record ${seconds()} s`;
    button.classList.toggle("emotion-recording", isRecording);
    button.disabled = state === "opening" || state === "waiting";
    file.disabled = state !== "idle";
    level.element.hidden = countdown.hidden = !isRecording;
    label.hidden = isRecording;
    notice.textContent = words;
    notice.hidden = !words;
  };
  return { element: make("div", {}, row, notice), button, file, show, passed, isWaiting: () => state === "waiting" };
}
