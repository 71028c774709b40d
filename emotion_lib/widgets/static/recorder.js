// Record, or upload a file: two ways to give the kernel a recording.

/**
 * A button that records, a level, a countdown, and a field for a file. The recording goes to the kernel in a message with
 * what `extra()` returned when it began. `asked()` is called with each new recording, before anybody knows whether it can
 * be used; `options` are those of a request to the kernel.
 */
function recorder(model, signal, kernel, { asked, extra = () => ({}), options = {} }) {
  const toggle = () => (recording ? recording.stop() : record());
  const face = recorderFace(() => model.get("seconds"), toggle);
  const rest = (words = "") => face.show("idle", words);
  let [recording, uploaded, context] = [null, null, {}];

  const send = (bytes, message) => {
    face.show("waiting", "Waiting for the answer …");
    kernel.ask({ ...message, ...context }, { bytes, what: "your recording", isWish: true, ...options, lost: rest });
  };
  const ask = () => {
    model.set("says", ""); // it is about the recording before
    asked();
  };

  const record = async () => {
    context = extra();
    face.show("opening", "Waiting for the microphone; the browser may ask whether it is allowed …");
    try {
      recording = await startRecording(model.get("seconds"), signal, face.passed);
      face.show("recording", "Recording: speak now.");
      const { samples, rate } = await recording.recorded;
      ask();
      send(samples.buffer, { do: "recorded", rate });
    } catch (error) {
      rest(`${refusal(error)} Or upload a recording.`);
    } finally {
      recording = null;
    }
  };

  const upload = async () => {
    const [chosen] = face.file.files;
    face.file.value = "";
    if (!chosen || !face.isIdle()) return;
    context = extra();
    ask();
    const problem = unfit(chosen, model.get("limits").megabytes);
    if (problem) return rest(problem);
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
  signal.addEventListener("abort", () => model.off("msg:custom", answered));
  face.file.addEventListener("change", upload);
  rest();
  return face.element;
}

/**
 * The part of a widget that answers the last recording. `outdate()` greys it, as another recording has been made or
 * chosen; `renew(recording)` says of which recording there is an answer now, and stays grey without one.
 */
function answerPart(label, ...children) {
  const notice = make("p", { class: "emotion-notice" });
  const element = group(label, { class: "emotion-part" }, notice, ...children);
  let answered = "";
  const show = (words) => {
    notice.textContent = words;
    element.classList.toggle("emotion-old", words !== "");
  };
  const renew = (recording = "") => {
    answered = recording;
    show("");
  };
  return { element, renew, outdate: () => answered && show(`This is still the answer to ${answered}.`) };
}

/** Return the reason why a file cannot be sent, or an empty text if it can be sent. */
function unfit({ name, size }, most) {
  if (size === 0) return `${name}: an empty file; choose a recording.`;
  if (size <= 1e6 * most) return "";
  return `${name}: ${Math.ceil(size / 1e6)} MB; at most ${most} MB can be uploaded. Choose a part of it.`;
}

/** The visible parts of a recorder in each state: "idle", "opening", "recording" or "waiting" for the kernel. */
function recorderFace(seconds, toggle) {
  const record = button({ class: "emotion-record" }, toggle);
  const level = levelMeter();
  const file = make("input", { type: "file", accept: "audio/*,video/webm,video/mp4,.flac,.ogg,.opus,.m4a" });
  const label = make("label", { class: "emotion-upload" }, "or upload a recording ", file);
  const notice = make("p", { ...POLITE, class: "emotion-notice" });
  const row = make("div", { class: "emotion-row" }, record, level.element, label);
  let state = "idle";
  const show = (now, words) => {
    state = now;
    const isRecording = state === "recording";
    if (isRecording) level.show(0, seconds());
    record.textContent = isRecording ? "Stop" : `Record ${seconds()} s`;
    record.classList.toggle("emotion-recording", isRecording);
    enable(record, state === "idle" || isRecording);
    enable(file, state === "idle");
    level.element.hidden = !isRecording;
    hide(label, isRecording, record);
    notice.textContent = words;
  };
  file.addEventListener("click", (event) => state === "idle" || event.preventDefault());
  const element = group("Record or upload", {}, row, notice);
  return { element, file, show, passed: level.show, isIdle: () => state === "idle", isWaiting: () => state === "waiting" };
}
