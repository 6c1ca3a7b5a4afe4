// @ts-check
/**
 * Below an answer: what it rests on, and what can be done with it. Asked for with the first answer.
 *
 * While the panel stands this is drawn in it. When the notebook has put the still picture in the panel's place, the
 * same bar stands below the cell's outputs, as long as the page does: it is no output, and is not saved.
 *
 * @typedef {import("./panel.mjs").Panel} Panel
 * @typedef {{id: string, call: number, name: string, purpose: string, numbers: string[]}} Ground
 */

const NUMBER = /[-−]?\d[\d,]*(?:\.\d+)?/g;

/**
 * Chips in the answer, and the bar below it.
 * @param {Panel} panel @param {HTMLElement} prose @param {HTMLElement} below @param {any} tail
 */
export function dress(panel, prose, below, tail) {
  const grounds = tail.grounds ?? [];
  const go = (/** @type {Ground} */ ground) => panel.goTo(ground.id);
  chips(panel, prose, grounds, go);
  panel.dressed = tail;
  below.replaceChildren(...bar(panel, "Numbers found in", grounds, tail, go));
}

/** A chip behind the first place of each number that was found in the result of a call: the call's own number.
 * @param {Panel} panel @param {HTMLElement} prose @param {Ground[]} grounds @param {(ground: Ground) => void} go */
function chips(panel, prose, grounds, go) {
  const where = new Map(grounds.flatMap((ground) => ground.numbers.map((number) => [number, ground])));
  const walker = document.createTreeWalker(prose, 4);
  /** @type {Text[]} */ const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) {
    if (text.parentElement?.closest("pre, code, math, button, a, td, th")) continue;
    /** @type {[number, Ground][]} */ const ends = [];
    for (const found of text.data.matchAll(NUMBER)) {
      const number = found[0].replace(/,$/, "");
      const ground = where.get(number.replaceAll(",", "").replace("−", "-"));
      if (!ground) continue;
      where.delete(number.replaceAll(",", "").replace("−", "-"));
      ends.push([found.index + number.length, ground]);
    }
    for (const [end, ground] of ends.reverse()) {
      const rest = text.splitText(end);
      rest.parentNode?.insertBefore(chip(panel, ground, go), rest);
    }
  }
}

/** @param {Panel} panel @param {Ground} ground @param {(ground: Ground) => void} go */
function chip({ kit: { h } }, ground, go) {
  return h("button.aether-chip", { type: "button", test: "chip", onclick: () => go(ground),
    label: `Found in the result of call ${ground.call}, ${ground.name}: ${ground.purpose}`,
    title: `Call ${ground.call}, ${ground.name}: ${ground.purpose}` }, String(ground.call));
}

/** @param {Panel} panel @param {string} word @param {Ground[]} grounds @param {any} tail @param {(ground: Ground) => void} go
 * @returns {HTMLElement[]} */
function bar(panel, word, grounds, tail, go) {
  const { button, copier, h, icon, lock } = panel.kit;
  const said = h("span.aether-quiet", { role: "status", test: "feedback-said" });
  /** @type {HTMLElement[]} */ const thumbs = ["up", "down"].map((value) => button("", `thumb-${value}`, () => {
    const now = thumbs.find((one) => one.dataset.value === value)?.getAttribute("aria-pressed") === "true" ? "" : value;
    panel.send({ type: "feedback", value: now });
    for (const one of thumbs) one.setAttribute("aria-pressed", String(one.dataset.value === now));
    said.textContent = now ? "Noted" : "Taken back";
  }, "aether-small", { label: value === "up" ? "A good answer" : "A bad answer", "aria-pressed": String(tail.feedback === value), "data-value": value }));
  for (const one of thumbs) one.append(icon("thumb", one.dataset.value));
  const again = button("Regenerate", "again", () => {
    panel.send({ type: "again" });
    lock(again.parentElement);
    again.textContent = "Asked again below";
  }, "aether-small", { title: "Ask the same again: a new run, shown below this one" });
  const acts = h("div.aether-acts", { role: "group", label: "The answer" }, copier(() => tail.text, "answer-copy", "aether-small"),
    tail.again && again, ...thumbs, said);
  const rests = grounds.length > 0 && h("div.aether-grounds", { test: "grounds" }, h("span.aether-quiet", {}, word),
    ...grounds.map((ground) => h("button.aether-ground", { type: "button", test: "ground", onclick: () => go(ground),
      title: `${ground.numbers.join(", ")}: found in the result of this call` },
      h("span.aether-chip", { "aria-hidden": "true" }, String(ground.call)), h("b", {}, ground.name), " ", ground.purpose)));
  return [rests, acts].filter(Boolean);
}

/**
 * Keep the bar below the outputs of the cell after the still picture has taken the panel's place.
 * @param {Panel} panel @param {HTMLElement} place the cell's outputs @param {() => void} over it is gone
 */
export function remain(panel, place, over) {
  const tail = panel.dressed;
  if (!tail?.text || !place?.isConnected) {
    over();
    return;
  }
  const { h } = panel.kit;
  const still = () => place.querySelector(".jp-OutputArea-output");
  const go = (/** @type {Ground} */ ground) => {
    const calls = [...place.querySelectorAll("summary")].filter((one) => one.textContent?.includes(ground.name));
    const found = calls.find((one) => one.textContent?.includes(ground.purpose)) ?? calls[0];
    if (!found) return;
    /** @type {any} */ (found.parentElement).open = true;
    found.scrollIntoView?.({ block: "center" });
    found.focus();
  };
  place.dispatchEvent(new Event("aether-remains"));  // the bar of an earlier answer of this cell goes
  const box = h("div.aether.aether-remains", { test: "remains" }, ...bar(panel, "Go to call", tail.grounds ?? [], tail, go));  // its numbers stand in the picture
  const end = () => {
    clearTimeout(first);
    watch.disconnect();
    box.remove();
    over();
  };
  const stay = () => {
    if (!place.isConnected || !still()) end();
    else if (place.lastElementChild !== box) place.append(box);
  };
  const indent = (still()?.getBoundingClientRect().left ?? 0) - place.getBoundingClientRect().left;
  box.style.marginInlineStart = `${Math.max(0, indent)}px`;
  const watch = new MutationObserver(stay);
  watch.observe(place, { childList: true });
  place.addEventListener("aether-remains", end, { once: true });
  const first = setTimeout(stay, 300);
}
