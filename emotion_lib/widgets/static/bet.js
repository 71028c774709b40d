// A bet: a question, a slider, and the number that is bet.

const NONE = "No bet yet: move the slider, or click it to bet on the number where it stands.";

function render({ model, el, signal }) {
  begin(el, "Bet", signal);
  const [low, high, unit] = ["low", "high", "unit"].map((name) => model.get(name));
  const inWords = (number) => `${number} ${unit}`.trimEnd();
  const kernel = questions(model, el, signal);
  const bet = () => kernel.wish({ do: "place", value: Number(slider.value) }, { what: "your bet" });
  const show = () => {
    const value = model.get("value");
    told.textContent = value === null ? NONE : `Your bet: ${inWords(value)}`;
    slider.setAttribute("aria-valuetext", value === null ? "no bet yet" : inWords(value));
    if (value !== null) slider.value = value;
  };
  const told = make("output", { class: "emotion-heading" });
  const middle = Math.round((low + high) / 2);
  const slider = make("input", { type: "range", min: low, max: high, value: middle, change: bet });
  // Whoever bets on the number in the middle does not move the slider, but clicks it or presses Enter.
  slider.addEventListener("click", bet, { signal });
  slider.addEventListener("keydown", (event) => event.key === "Enter" && bet(), { signal });
  const ends = [low, high].map((end) => make("span", { "aria-hidden": "true" }, inWords(end)));
  const row = make("span", { class: "emotion-row" }, ends[0], slider, ends[1]);
  el.append(make("label", { class: "emotion-bet" }, model.get("question"), row), told, kernel.notice);
  follow(model, signal, ["value"], show);
}

export default { render };
