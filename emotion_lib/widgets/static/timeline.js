// A timeline: a picture of the part that is shown, with a cursor, and the sound from any place, piece by piece.

const CLOSER = 3; // a zoom shows a third of the time
const CLOSEST = 2; // seconds
const AHEAD = 5; // seconds before the end of a piece at which the next one is requested

/**
 * The sound of a recording that the kernel sends in pieces. `seek(at, goesOn)` goes to a place and plays from there if
 * `goesOn`, `at()` is the place that sounds now, and `moved()` is called whenever it changes.
 */
function pieces(model, signal, ask, moved) {
  const audio = make("audio", { preload: "auto" });
  let [start, seconds, wanted, next] = [0, 0, null, null];
  const at = () => (wanted ? wanted.at : start + audio.currentTime);
  const request = (place) => ask({ do: "piece", at: place });
  const load = (piece, goesOn) => {
    URL.revokeObjectURL(audio.src);
    [start, seconds, next] = [piece.at, piece.seconds, null];
    audio.src = address(piece.sound, "audio/wav");
    if (goesOn) play(audio);
  };
  const arrived = (message, [sound] = []) => {
    if (message.do !== "piece" || message.number !== model.get("drawn")) return;
    const piece = { ...message, sound };
    if (!wanted) {
      next = piece;
      return;
    }
    if (Math.abs(wanted.at - piece.at) > 0.2) return; // for an earlier click
    const { goesOn } = wanted;
    wanted = null;
    load(piece, goesOn);
    moved();
  };
  const seek = (place, goesOn) => {
    const to = Math.min(Math.max(place, 0), Math.max(0, model.get("length") - 0.1));
    if (seconds && to >= start && to < start + seconds - 0.05) {
      wanted = null;
      audio.currentTime = to - start;
      if (goesOn) play(audio);
    } else {
      audio.pause();
      wanted = { at: to, goesOn };
      request(to);
    }
    moved();
  };
  const watch = () => {
    const end = start + seconds;
    if (next || wanted || audio.paused || end >= model.get("length") - 0.1) return;
    if (end - at() < AHEAD) {
      next = "requested";
      request(end);
    }
  };
  const ended = () => {
    const end = start + seconds;
    if (next?.sound) load(next, true);
    else if (end < model.get("length") - 0.1) seek(end, true);
    moved();
  };
  const forget = () => {
    audio.pause();
    URL.revokeObjectURL(audio.src);
    audio.removeAttribute("src");
    [start, seconds, wanted, next] = [0, 0, null, null];
  };
  model.on("msg:custom", arrived);
  audio.addEventListener("timeupdate", watch, { signal });
  audio.addEventListener("ended", ended, { signal });
  followSound(audio, moved, signal);
  for (const event of ["play", "pause"]) audio.addEventListener(event, moved, { signal });
  signal.addEventListener("abort", () => {
    model.off("msg:custom", arrived);
    forget();
  });
  return { audio, at, seek, forget, isOn: () => (wanted ? wanted.goesOn : !audio.paused) };
}

/** The buttons, the place that sounds and its answer, and the picture with its cursor. */
function timelineView(model, signal, kernel) {
  const image = make("img", { class: "emotion-picture" });
  const cursor = make("div", { class: "emotion-cursor", "aria-hidden": "true" });
  const frame = make("div", { class: "emotion-frame" }, image, cursor);
  const toggle = () => (sound.isOn() ? sound.audio.pause() : sound.seek(sound.at(), true));
  const onOff = button({ title: "Play or pause (space)" }, toggle);
  const now = make("span", { class: "emotion-now" });
  let view = { start: 0, end: 0, left: 0, right: 1 };
  let asked = null;

  const moved = () => {
    const at = sound.at();
    const share = (at - view.start) / (view.end - view.start || 1);
    cursor.hidden = share < 0 || share > 1;
    cursor.style.left = `${100 * (view.left + share * (view.right - view.left))}%`;
    onOff.textContent = sound.isOn() ? "Pause" : "Play";
    const said = model.get("stretches").find(({ start, end }) => at >= start && at < end);
    const words = said ? (said.reason ? `${said.emotion}, ${said.reason}` : said.emotion) : "";
    now.replaceChildren(`${clock(at)} of ${clock(model.get("length"))} `, ...(said?.colour ? [mark(said)] : []), ` ${words}`);
    if (sound.isOn() && share > 1 && share < 2 && !asked) look(view.end, 2 * view.end - view.start, {}); // turn the page
  };
  const sound = pieces(model, signal, kernel.ask, moved);

  const look = (start, end, options = { isWish: true }) => {
    asked = { start, end };
    kernel.ask({ do: "look", start, end }, options);
  };
  const zoom = (factor) => {
    const width = Math.max((view.end - view.start) * factor, CLOSEST);
    const at = sound.at();
    const middle = at >= view.start && at <= view.end ? at : (view.start + view.end) / 2;
    look(middle - width / 2, middle + width / 2);
  };
  const whole = () => look(0, model.get("length"));
  const shown = (message, [picture] = []) => {
    if (message.do !== "part" || message.number !== model.get("drawn")) return;
    URL.revokeObjectURL(image.src);
    image.src = address(picture, "image/png");
    image.alt = message.alt;
    [view, asked] = [message, null];
    moved();
  };
  const click = (event) => {
    const box = image.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width - view.left) / (view.right - view.left);
    sound.seek(view.start + Math.min(Math.max(share, 0), 1) * (view.end - view.start), true);
  };
  const keys = {
    " ": toggle,
    "+": () => zoom(1 / CLOSER),
    "-": () => zoom(CLOSER),
    0: whole,
    ArrowLeft: () => sound.seek(sound.at() - 1, sound.isOn()),
    ArrowRight: () => sound.seek(sound.at() + 1, sound.isOn()),
  };
  const controls = make(
    "div",
    { class: "emotion-row" },
    onOff,
    button({ title: "Zoom in (+)" }, () => zoom(1 / CLOSER), "Closer"),
    button({ title: "Zoom out (-)" }, () => zoom(CLOSER), "Wider"),
    button({ title: "Show the whole recording (0)" }, whole, "All"),
    now,
  );
  const element = group("Timeline", { class: "emotion-timeline", tabindex: 0 }, controls, frame);
  element.append(soundNotice(sound.audio, signal), sound.audio);
  const onKey = (event) => {
    const act = keys[event.key];
    if (!act || isShortcut(event) || (event.key === " " && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  };
  frame.addEventListener("click", click, { signal });
  element.addEventListener("keydown", onKey, { signal });
  model.on("msg:custom", shown);
  signal.addEventListener("abort", () => {
    model.off("msg:custom", shown);
    URL.revokeObjectURL(image.src);
  });
  follow(model, signal, ["drawn"], () => {
    element.hidden = !model.get("length");
    sound.forget();
    if (!element.hidden) look(0, model.get("length"), { what: "the picture" });
  });
  return { element, stop: () => sound.audio.pause() };
}
