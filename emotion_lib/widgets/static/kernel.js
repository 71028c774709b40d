// Requests to the kernel, and what a widget says while the kernel is busy or gone.

const PART_BYTES = 2 ** 20; // well below the 10 MB over which the server closes the connection
const ANSWER_WITHIN = 800; // milliseconds, so that the sentence is there within a second

/** Send a message, and return whether there is a kernel; a restarted kernel has no record of the old widgets. */
function tell(model, message, buffers) {
  try {
    model.send(message, undefined, buffers);
    return true;
  } catch {
    return false;
  }
}

/** Return whether the kernel is known to be gone; only JupyterLab tells of one that was shut down. */
function isGone({ widget_manager: manager }, el) {
  const isOff = manager && "kernel" in manager && (!manager.kernel || manager.kernel.status === "dead");
  return isOff || el.classList.contains("jupyter-widgets-disconnected");
}

/**
 * Requests to the kernel. While it has not begun with one, the `notice` says that it is busy or gone, and the answers of
 * the widget are grey: they belong to earlier requests.
 *
 * A busy kernel carries out all requests in their turn. If it is restarted, the widget has no other side any more. So
 * the requests that it did not begin with are kept with the cell, in the page, and carried out by the same widget of the
 * next run of the cell.
 */
function questions(model, el, signal) {
  const notice = make("p", { ...POLITE, class: "emotion-notice" });
  const waiting = new Set();
  const kept = `emotionKept ${model.get("_anywidget_id")}`;
  let [patience, hasStatus] = [0, false];

  const say = (words) => {
    if (notice.textContent !== words) notice.textContent = words;
    el.classList.toggle("emotion-waits", words !== "");
  };
  const rest = () => {
    clearInterval(patience);
    if (!waiting.size) say("");
  };
  const lose = () => {
    clearInterval(patience);
    const cell = el.closest(".jp-Cell");
    const asked = [...waiting];
    waiting.clear();
    const wishes = cell ? asked.filter(({ isWish }) => isWish) : [];
    if (wishes.length) cell[kept] = [...(cell[kept] ?? [wishes[0].before].filter(Boolean)), ...wishes];
    const promise = wishes.length ? `; ${wishes.at(-1).what} is kept until then` : "";
    say(`The kernel is gone. Run the notebook again up to this cell${promise}.`);
    asked.forEach(({ lost }) => lost());
  };
  const look = () => {
    if (isGone(model, el)) return lose();
    const all = [...waiting];
    const { what } = all.findLast(({ isWish }) => isWish) ?? all.at(-1);
    say(`The kernel is busy; ${what} will follow.`);
  };

  /**
   * Send a message, after the `bytes` that belong to it; `what` names it. A wish is kept if the kernel is gone, together
   * with the wish `before` it if that is needed to understand it. Then `lost` is called.
   */
  const ask = (message, { bytes, before, isWish = false, what = "your choice", lost = () => {} } = {}) => {
    const request = { message, bytes, before, isWish, what, lost };
    const status = () => {
      hasStatus = true;
      if (waiting.delete(request) && !waiting.size) rest();
    };
    waiting.add(request);
    if (isGone(model, el)) return lose();
    try {
      for (let start = 0; start < (bytes?.byteLength ?? 0); start += PART_BYTES)
        model.send({ do: "part", first: start === 0 }, undefined, [bytes.slice(start, start + PART_BYTES)]);
      model.send(message, { iopub: { status } });
    } catch {
      return lose();
    }
    clearInterval(patience);
    patience = setInterval(look, ANSWER_WITHIN);
  };
  const wish = (message, options) => ask(message, { ...options, isWish: true });

  const takeOver = () => {
    const cell = el.closest(".jp-Cell");
    const wishes = cell?.[kept] ?? [];
    if (cell) delete cell[kept];
    // Of several choices of a kind, the last is the one that counts; steps add up.
    const counts = ({ message }, place) =>
      message.do === "step" || !wishes.slice(place + 1).some((later) => later.message.do === message.do);
    wishes.filter(counts).forEach(({ message, bytes, what }) => wish(message, { bytes, what }));
  };
  const answered = ({ do: what }) => {
    // Other programs than JupyterLab may not say when the kernel begins with a request.
    if (hasStatus || what !== "answered") return;
    waiting.clear();
    rest();
  };
  const disconnected = () => waiting.size && lose();
  const events = { "msg:custom": answered, comm_live_update: disconnected };
  Object.entries(events).forEach(([name, listener]) => model.on(name, listener));
  signal.addEventListener("abort", () => {
    clearInterval(patience);
    Object.entries(events).forEach(([name, listener]) => model.off(name, listener));
  });
  requestAnimationFrame(() => signal.aborted || takeOver()); // once the view is in its cell
  return { ask, wish, notice };
}
