// Live predictions: bars that move while one speaks, or while a recording plays.

const CHUNK_PARTS = 2; // parts of 50 ms from the microphone, so the kernel gets ten chunks a second
const SILENT_KERNEL = 10000; // milliseconds without an answer, as long as the kernel waits for a chunk

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const bars = barsView("Probability of each emotion in the last 3 seconds");
  bars.element.classList.add("emotion-steady");
  const player = recordingView(model, signal);
  const line = timelineView(model, signal);
  const live = microphoneButton(model, signal, () => {
    player.audio.pause();
    line.stop();
  });
  follow(model, signal, ["drawn"], () => (player.element.hidden = model.get("drawn") >= 0));
  const followPlayer = () => {
    const timeline = model.get("timeline");
    const now = timeline.findLast(({ end }) => end <= player.audio.currentTime + 0.01);
    if (!live.isOn() && !player.audio.paused) bars.show(now ?? timeline[0]);
  };
  followSound(player.audio, followPlayer, signal);
  player.audio.addEventListener("play", live.stop, { signal });
  follow(model, signal, ["answer"], () => bars.show(model.get("answer")));
  el.append(live.element, sentence(model, signal), bars.element, player.element, line.element);
}

/** The button that starts and stops the microphone, with its level. */
function microphoneButton(model, signal, started) {
  const button = make("button", { type: "button", class: "emotion-record" });
  const level = levelMeter();
  const notice = make("p", { role: "status", class: "emotion-notice" });
  const row = make("div", { class: "emotion-row" }, button, level.element);
  let microphone = null;
  let parts = [];
  let answered = 0;

  const show = (isOn, words) => {
    button.textContent = isOn ? "Stop" : "Start the microphone";
    button.classList.toggle("emotion-recording", isOn);
    button.disabled = false;
    level.element.hidden = !isOn;
    notice.textContent = words;
    notice.hidden = !words;
  };

  const stop = (words = "") => {
    if (!microphone) return;
    microphone.close();
    microphone = null;
    tell(model, { do: "stop" });
    show(false, words);
  };

  const received = (samples, loud) => {
    if (!microphone) return;
    level.show(loud);
    parts.push(samples);
    if (parts.length < CHUNK_PARTS) return;
    const isSent = tell(model, { do: "chunk" }, [joined(parts, Infinity).buffer]);
    parts = [];
    if (!isSent || performance.now() - answered > SILENT_KERNEL) stop(NO_ANSWER);
  };

  const start = async () => {
    button.disabled = true;
    started();
    try {
      const opened = await openMicrophone(signal, received, () => stop("The microphone was disconnected."));
      if (signal.aborted) return;
      answered = performance.now();
      parts = [];
      tell(model, { do: "start", rate: opened.rate });
      microphone = opened;
      show(true, "The microphone is on: speak.");
    } catch (error) {
      show(false, refusal(error));
    }
  };

  const alive = () => (answered = performance.now());
  model.on("change:answer", alive);
  signal.addEventListener("abort", () => {
    model.off("change:answer", alive);
    stop();
  });
  button.addEventListener("click", () => (microphone ? stop() : start()));
  show(false, "");
  return { element: make("div", {}, row, notice), stop: () => stop(), isOn: () => microphone !== null };
}

export default { render };
