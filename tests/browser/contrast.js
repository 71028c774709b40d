// The contrast of what one reads and sees in the widgets of a page, as WCAG defines it.
// Gives, for each text and each mark (border of a control, marker, bar, line), what it is, and its contrast.
() => {
  const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });

  /** Paint colours over each other, each with the opacity of its element; return the luminance of what is seen. */
  const seen = (layers) => {
    for (const [colour, opacity] of layers) {
      brush.globalAlpha = opacity;
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
    }
    const linear = [...brush.getImageData(0, 0, 1, 1).data]
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };

  const lineage = (element) => (element ? [...lineage(element.parentElement), element] : []);
  const style = (element, part) => getComputedStyle(element, part);
  const opacity = (element) => lineage(element).reduce((all, each) => all * style(each).opacity, 1);

  /** The faces that lie below the content of an element, the lowest first. */
  const faces = (element) => lineage(element).map((each) => [style(each).backgroundColor, opacity(each)]);

  const contrast = (colour, element, below) => {
    const [one, other] = [seen([...below, [colour, opacity(element)]]), seen(below)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };

  const found = [];
  const note = (kind, what, element, colour, below) => {
    const number = contrast(colour, element, below);
    const name = [element.localName, element.type, ...element.classList].filter(Boolean).join(" ");
    found.push({ kind, what: `${what} of ${name}`, contrast: Math.round(100 * number) / 100 });
  };
  const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
  const isDrawn = (colour) => !/^rgba.*, 0\)$|\/ 0\)$/.test(colour);

  const texts = (element) => {
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE && node.textContent.trim())
        note("text", node.textContent.trim(), element, style(element).color, faces(element));
    if (element.matches("select, input:not([type=range])"))
      note("text", "its text", element, style(element).color, faces(element));
    const before = style(element, "::before");
    if (/[^"\s]/.test(before.content) && before.content !== "none")
      note("mark", "sign before", element, before.color, faces(element));
  };

  const marks = (element) => {
    const [shown, outside] = [style(element), faces(element.parentElement)];
    for (const side of ["Left", "Bottom"]) {
      const isLine = parseFloat(shown[`border${side}Width`]) && isDrawn(shown[`border${side}Color`]);
      if (isLine && !element.matches("table, tr, th, td, li:not([aria-current=true])"))
        note("mark", `${side.toLowerCase()} border`, element, shown[`border${side}Color`], outside);
    }
    const [sign] = (shown.backgroundImage.match(/rgba?\([^)]*\)/g) ?? []).filter(isDrawn);
    if (sign) note("mark", "sign", element, sign, outside);
    if (element.matches("[data-said]") && isDrawn(shown.borderTopColor))
      note("mark", "stretch", element, shown.borderTopColor, outside);
    if (element.matches("svg")) note("mark", "marker", element, shown.fill, outside);
    if (element.matches("[style*='background']")) note("mark", "bar", element, shown.backgroundColor, outside);
    if (element.matches("button, select, input, audio, a")) {
      element.focus({ focusVisible: true });
      if (element === document.activeElement && element.matches(":focus-visible"))
        note("mark", "ring", element, parseFloat(shown.outlineWidth) >= 2 ? shown.outlineColor : "transparent", outside);
      element.blur();
    }
  };

  for (const element of document.querySelectorAll(".emotion-widget, .emotion-widget *:not(svg *)"))
    if (isSeen(element)) {
      texts(element);
      marks(element);
    }
  return found;
}
