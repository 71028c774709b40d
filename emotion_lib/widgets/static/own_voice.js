// Record one's own voice, and show the recording and its prediction.

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const explain = (isThere) => isThere && !model.get("length") && tell(model, { do: "explain" });
  const player = recordingView(model, signal, explain);
  const line = timelineView(model, signal);
  const bars = barsView("Probability of each emotion");
  follow(model, signal, ["number"], () => {
    bars.show(model.get("answer"));
    player.element.hidden = model.get("length") > 0;
    line.stop();
  });
  el.append(recorder(model, signal), sentence(model, signal), bars.element, player.element, line.element);
}

export default { render };
