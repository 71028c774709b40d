// The widget of a timeline alone.

function render({ model, el, signal }) {
  begin(el, "Timeline of a recording", signal);
  const kernel = questions(model, el, signal);
  el.append(timelineView(model, signal, kernel).element, kernel.notice, sentence(model, signal));
}

export default { render };
