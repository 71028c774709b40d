// Record one's own voice, and show the recording and its prediction.

function render({ model, el, signal }) {
  begin(el, "Own voice", signal);
  const kernel = questions(model, el, signal);
  const spoken = announcer();
  const explain = (isThere) => isThere && !model.get("length") && tell(model, { do: "explain" });
  const player = recordingView(model, signal, kernel, explain);
  const line = timelineView(model, signal, kernel);
  const bars = barsView("Probability of each emotion");
  const part = answerPart("Answer", bars.element, player.element, line.element);
  follow(model, signal, ["number"], () => {
    const answer = model.get("answer");
    bars.show(answer);
    part.renew(answer.recording);
    spoken.say(inWords(answer));
    player.element.hidden = model.get("length") > 0;
    line.stop();
  });
  const record = recorder(model, signal, kernel, { asked: part.outdate });
  el.append(record, kernel.notice, sentence(model, signal), part.element, spoken.element);
}

export default { render };
