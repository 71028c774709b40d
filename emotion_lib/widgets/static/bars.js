// The probabilities of a prediction as bars, with a line for the threshold.

/** Return a share as a whole number of per cent. */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** Return an answer as screen readers shall read it. */
function inWords({ recording, sentence, warning }) {
  return sentence ? `${recording}: ${sentence} ${warning}` : "";
}

/** The row of one emotion; `show(probability, isAnswer)` takes null as the probability if nobody speaks. */
function bar({ emotion, colour, marker, threshold }) {
  const filled = make("div", { class: "emotion-bar", style: `background: ${colour}` });
  const line = make("div", { class: "emotion-threshold", style: `left: ${100 * threshold}%` });
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
