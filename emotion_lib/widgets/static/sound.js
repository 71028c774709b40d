// Audio elements: their keys after a click, and a sentence where the browser cannot play.

const STARTS_WITHIN = 2000; // milliseconds

const NO_SOUND =
  "The sound does not start. The browser may have found no loudspeakers or headphones: connect some, reload the page, " +
  "and play again.";

/** The sentence for a sound that does not play, by the name of the error. */
const UNPLAYED = {
  NotAllowedError: "The browser plays a sound only after a click on the page: press play again.",
  NotSupportedError: "The browser cannot play this sound. Another browser may.",
};

/**
 * Return the sentence of an audio element that does not sound. A browser without loudspeakers may leave the clock of the
 * element at one place for ever; then the element is paused and gets the event "silent".
 */
function soundNotice(audio, signal) {
  const notice = make("p", { ...POLITE, class: "emotion-notice" });
  let patience = 0;
  const say = (words) => {
    notice.textContent = words;
    if (words) audio.dispatchEvent(new Event("silent"));
  };
  const begin = () => {
    const start = audio.currentTime;
    say("");
    clearTimeout(patience);
    patience = setTimeout(() => {
      if (audio.paused || audio.currentTime !== start) return;
      audio.pause();
      say(NO_SOUND);
    }, STARTS_WITHIN);
  };
  audio.addEventListener("play", begin, { signal });
  // Firefox without an output begins to play, goes to the end at once, and reports an error.
  audio.addEventListener("error", () => audio.currentTime && say(NO_SOUND), { signal });
  audio.addEventListener("refused", ({ detail }) => say(UNPLAYED[detail] ?? NO_SOUND), { signal });
  signal.addEventListener("abort", () => clearTimeout(patience));
  return notice;
}

/** Start `audio`; it is not an error if another sound replaces it before it has begun. */
function play(audio) {
  audio.play().catch(({ name }) => {
    if (name !== "AbortError") audio.dispatchEvent(new CustomEvent("refused", { detail: name }));
  });
}

/**
 * Give the keys of an audio element back to the widget after a click.
 *
 * The controls that Chromium draws keep all keys for themselves, so after a click that plays, pauses, moves or mutes, the
 * focus goes to `group` around them, whose space bar plays and pauses and whose arrows move one second. Somebody who came
 * by the Tab key stays in the controls, and so does somebody who opens their menu.
 */
function soundKeys(audio, group, signal) {
  let isByKey = false;
  const giveBack = () => {
    if (isByKey || document.activeElement !== audio || signal.aborted) return;
    if (audio.matches(":active")) requestAnimationFrame(giveBack); // the button of the mouse is still down
    else group.focus({ preventScroll: true });
  };
  const onKey = (event) => {
    if (event.target !== group || isShortcut(event)) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) audio.currentTime = Math.max(0, audio.currentTime + by);
    else if (event.key === " ") audio.paused ? play(audio) : audio.pause();
    else return;
    event.preventDefault();
  };
  window.addEventListener("keydown", () => (isByKey = true), { signal, capture: true });
  window.addEventListener("pointermove", () => (isByKey = false), { signal, capture: true });
  for (const event of ["play", "pause", "seeked", "volumechange"]) audio.addEventListener(event, giveBack, { signal });
  group.addEventListener("keydown", onKey, { signal });
}
