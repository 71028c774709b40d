// Live predictions: bars that move while one speaks, or while a recording plays.

const CHUNK_PARTS = 2; // parts of 50 ms from the microphone, so the kernel gets ten chunks a second
const SILENT_KERNEL = 10000; // milliseconds without an answer, as long as the kernel waits for a chunk
const SILENT =
  "The kernel has not answered for ten seconds, so the microphone was turned off. Turn it on again when the kernel is free.";
const GONE = "The kernel is gone, so the microphone was turned off. Run the notebook again up to this cell.";

function render({ model, el, signal }) {
  begin(el, "Live predictions", signal);
  const kernel = questions(model, el, signal);
  const spoken = announcer();
  const bars = barsView("Probability of each emotion in the last 3 seconds");
  bars.element.classList.add("emotion-steady");
  const player = recordingView(model, signal, kernel);
  const line = timelineView(model, signal, kernel);
  const live = microphoneButton(model, signal, kernel, () => {
    player.audio.pause();
    line.stop();
  });
  follow(model, signal, ["drawn"], () => (player.element.hidden = model.get("drawn") >= 0));
  const show = (answer) => {
    bars.show(answer);
    if (spoken.element.textContent !== (answer.headline ?? "")) spoken.say(answer.headline ?? ""); // not twice a second
  };
  const followPlayer = () => {
    const timeline = model.get("timeline");
    const now = timeline.findLast(({ end }) => end <= player.audio.currentTime + 0.01);
    if (!live.isOn() && !player.audio.paused) show(now ?? timeline[0]);
  };
  followSound(player.audio, followPlayer, signal);
  player.audio.addEventListener("play", live.stop, { signal });
  follow(model, signal, ["answer"], () => show(model.get("answer")));
  el.append(live.element, kernel.notice, sentence(model, signal));
  el.append(bars.element, player.element, line.element, spoken.element);
}

/** The button that starts and stops the microphone, with its level. */
function microphoneButton(model, signal, kernel, started) {
  const onOff = button({ class: "emotion-record" }, () => (microphone ? stop() : start()));
  const level = levelMeter();
  const notice = make("p", { ...POLITE, class: "emotion-notice" });
  const row = group("Microphone", { class: "emotion-row" }, onOff, level.element);
  let microphone = null;
  let parts = [];
  let answered = 0;

  const show = (isOn, words) => {
    onOff.textContent = isOn ? "Stop" : "Start the microphone";
    onOff.classList.toggle("emotion-recording", isOn);
    enable(onOff, true);
    level.element.hidden = !isOn;
    notice.textContent = words;
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
    if (!isSent) stop(GONE);
    else if (performance.now() - answered > SILENT_KERNEL) stop(SILENT);
  };

  const start = async () => {
    enable(onOff, false);
    started();
    try {
      const opened = await openMicrophone(signal, received, () => stop("The microphone was disconnected."));
      if (signal.aborted) return;
      answered = performance.now();
      [microphone, parts] = [opened, []];
      show(true, "The microphone is on: speak.");
      kernel.ask({ do: "start", rate: opened.rate }, { what: "the answer", lost: stop });
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
  show(false, "");
  return { element: make("div", {}, row, notice), stop: () => stop(), isOn: () => microphone !== null };
}

export default { render };
