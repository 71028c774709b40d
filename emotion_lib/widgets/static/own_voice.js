// Record one's own voice, and show the recording and its prediction.

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  const player = recordingView(model, signal);
  const bars = barsView("Probability of each emotion");
  follow(model, signal, ["number"], () => bars.show(model.get("answer")));
  el.append(recorder(model, signal), sentence(model, signal), bars.element, player.element);
}

export default { render };
