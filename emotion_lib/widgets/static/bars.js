// The probabilities of a prediction as bars, with a line for the threshold.

/** Return an answer as screen readers shall read it. */
function inWords({ recording, sentence, warning }) {
  return sentence ? `${recording}: ${sentence} ${warning}` : "";
}

/** The row of one emotion; `show(probability, isAnswer)` takes null as the probability if nobody speaks. */
function bar({ emotion, colour, marker, threshold }) {
  const filled = make("div", { class: "emotion-bar" });
  const line = make("div", { class: "emotion-threshold" });
  // Not as an attribute, which a page may forbid (its Content Security Policy).
  filled.style.background = colour;
  line.style.left = `${100 * threshold}%`;
  const share = make("td", { class: "emotion-share" });
  const element = make(
    "tr",
    {},
    make("th", { scope: "row" }, mark({ colour, marker }), ` ${emotion}`),
    make("td", { class: "emotion-track", "aria-hidden": "true" }, filled, line),
    share,
  );
  const show = (probability, isAnswer) => {
    filled.style.width = `${100 * (probability ?? 0)}%`;
    share.textContent = probability == null ? "–" : percent(probability);
    element.classList.toggle("emotion-answer", isAnswer);
  };
  return { element, show };
}

/** An answer: its recording, its name, a sentence that explains it, and the bars; `show(answer)` takes the dict of `answers.py`. */
function barsView(title) {
  const caption = make("caption", {}, title);
  const rows = make("tbody");
  const foot = make("td", { class: "emotion-foot" });
  const table = make("table", { class: "emotion-bars" }, caption, rows);
  table.append(make("tfoot", { "aria-hidden": "true" }, make("tr", {}, make("td"), foot, make("td"))));
  const recording = make("p", { class: "emotion-recorded" });
  const headline = make("p", { class: "emotion-headline" });
  const sentence = make("p", {});
  const warning = make("p", { class: "emotion-warning" });
  const element = make("div", { class: "emotion-result" }, recording, headline, sentence, warning, table);
  let shown = "";
  let bars = [];
  const renew = (answer) => {
    bars = answer.bars.map((each) => bar({ ...each, threshold: answer.threshold }));
    rows.replaceChildren(...bars.map((each) => each.element));
    const line = make("span", {}, `answers at ${percent(answer.threshold)} or more`);
    line.style.left = `${100 * answer.threshold}%`;
    foot.replaceChildren(line);
  };
  const show = (answer) => {
    element.hidden = !answer.bars;
    if (element.hidden) return;
    const kind = JSON.stringify([answer.threshold, answer.bars.map((each) => each.emotion)]);
    if (kind !== shown) renew(answer);
    shown = kind;
    answer.bars.forEach(({ emotion, probability }, place) =>
      bars[place].show(answer.has_speech ? probability : null, emotion === answer.emotion),
    );
    if (headline.dataset.name !== answer.headline) {
      const named = answer.bars.find((each) => each.emotion === answer.emotion);
      headline.replaceChildren(...(named ? [mark(named), ` ${answer.headline}`] : [answer.headline]));
      headline.dataset.name = answer.headline;
    }
    recording.textContent = answer.recording;
    sentence.textContent = answer.sentence;
    warning.textContent = answer.warning;
    warning.hidden = !answer.warning;
  };
  return { element, show };
}

/** An answer in a few words for a table, with a tick if it is the intended emotion. */
function predicted(answer, meant) {
  if (!answer) return ["–"];
  const best = Math.max(...answer.bars.map(({ probability }) => probability));
  const named = answer.bars.find(({ emotion }) => emotion === answer.emotion);
  const words = ` ${answer.headline} ${percent(best)}`;
  const tick = make("span", { class: "emotion-tick", role: "img", "aria-label": "as meant" }, " ✓");
  return [...(named ? [mark(named)] : []), words, ...(answer.emotion === meant ? [tick] : [])];
}
