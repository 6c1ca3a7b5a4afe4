// @ts-check
/** What the context holds: a bar in pieces, and a line for each. Asked for when somebody looks at the gauge. */

/**
 * @param {typeof import("./elements.mjs").kit} kit
 * @param {{used: number, window: number, label: string, note: string, pieces: [string, number, string][]}} gauge tokens
 */
export function show({ h }, gauge) {
  const whole = gauge.window || gauge.used || 1;
  const share = (/** @type {number} */ tokens) => (100 * tokens) / whole;
  const percent = (/** @type {number} */ tokens) => {
    const part = share(tokens);
    return tokens && part < 0.5 ? "< 1 %" : `${Math.round(part)} %`;
  };
  const free = gauge.window ? [["free", Math.max(0, gauge.window - gauge.used), ""]] : [];
  const pieces = [...gauge.pieces, ...free];
  const bar = h("div.aether-pieces", { "aria-hidden": "true" });
  for (const [name, tokens] of gauge.pieces) {
    const piece = h("span", { class: `aether-piece aether-piece-${name}` });
    piece.style.inlineSize = `${share(Number(tokens))}%`;
    bar.append(piece);
  }
  return h("div.aether-breakdown", { role: "group", label: "What the context holds", test: "breakdown" },
    h("div.aether-label", {}, gauge.label), bar,
    h("ul.aether-legend", {}, ...pieces.map(([name, tokens, what]) =>
      h("li", { title: what || null, "data-piece": name },
        h("span", { class: `aether-dot aether-piece-${name}`, "aria-hidden": "true" }),
        h("span.aether-legend-name", {}, String(name)),
        h("span.aether-quiet", {}, `${Number(tokens).toLocaleString("en")} · ${percent(Number(tokens))}`)))),
    gauge.note && h("div.aether-quiet", {}, gauge.note));
}
