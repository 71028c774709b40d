// A sentence about a corpus, and the button that gets it.

function render({ model, el, signal }) {
  begin(el, "Download of a corpus", signal);
  const kernel = questions(model, el, signal);
  const button = make("button", { type: "button", click: () => kernel.ask({ do: "press" }, { what: "the download" }) });
  // Not in the sentence, which screen readers read whenever it changes.
  const progress = make("p", { class: "emotion-now" });
  follow(model, signal, ["button", "progress"], () => {
    button.textContent = model.get("button");
    hide(button, !model.get("button"), el);
    progress.textContent = model.get("progress");
    progress.hidden = !model.get("progress");
  });
  el.append(sentence(model, signal), progress, button, kernel.notice);
}

export default { render };
