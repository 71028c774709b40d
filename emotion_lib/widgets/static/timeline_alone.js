// The widget of a timeline alone.

function render({ model, el, signal }) {
  el.classList.add("emotion-widget");
  keepKeys(el, signal);
  el.append(timelineView(model, signal).element, sentence(model, signal));
}

export default { render };
