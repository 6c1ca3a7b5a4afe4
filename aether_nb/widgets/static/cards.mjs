// @ts-check
/**
 * One function for each kind of block of a run: a thought, words, a remark, the card of a call. They draw what they are
 * told into a node that stays, and rebuild only what has changed.
 *
 * @typedef {import("./panel.mjs").Panel} Panel
 * @typedef {import("./panel.mjs").Block} Block
 * @typedef {import("./panel.mjs").Memory} Memory
 */

import { button, cell, code, copier, folding, following, h, icon, lock, mark, prose, remarks, trouble } from "./elements.mjs";

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block @param {Memory} memory */
export function drawThinking(panel, node, block, memory) {
  const said = block.text.replace(/\s+/g, " ").trim();
  if (block.done && said.length <= 120) {
    node.replaceChildren(h("div.aether-row.aether-short", { test: "thinking" },
      cell(icon("spark", "quiet")), h("span.aether-purpose", { dir: "auto" }, said)));
    return;
  }
  const open = memory.open ?? !block.done;
  const text = document.createTextNode(block.text);
  const body = h("div.aether-thought", { dir: "auto", tabindex: "0", label: "Thinking" }, text);
  body.hidden = !open;
  memory.live = body;
  memory.text = text;
  node.replaceChildren(
    h("button.aether-row", { type: "button", expanded: String(open), test: "thinking",
      onclick: () => {
        memory.open = body.hidden;
        panel.drawBlock(block.id);
      } },
      cell(icon(block.done ? "spark" : "spin", block.done ? "quiet" : "busy")),
      open && h("span.aether-name.aether-plain", {}, block.done ? "Thought" : "Thinking"),
      h("span.aether-purpose", { dir: "auto" }, open ? "" : said.slice(0, 200)),
      icon("fold", open ? "down" : "quiet")),
    body);
  if (!block.done) body.scrollTop = body.scrollHeight;
}

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block */
export function drawWords(panel, node, block) {
  panel.part(node, block.id, "words", block.html, () => h("div.aether-prose", { dir: "auto" }, prose(block.html)));
}

/** @param {Panel} _ @param {HTMLElement} node @param {Block} block */
export function drawNote(_, node, block) {
  node.dataset.tone = block.tone;
  if (block.tone === "said") {
    node.replaceChildren(h("div.aether-said", { test: "said" },
      cell(icon("ask", "quiet")), h("span", { dir: "auto" }, block.failure.what),
      h("span.aether-quiet", {}, `said ${block.failure.why}`)));
    return;
  }
  if (block.tone === "info") node.replaceChildren(h("div.aether-remark", {}, block.failure.what));
  else node.replaceChildren(trouble(block.failure, block.tone === "limit" ? "warn" : "bad"));
}

/** What a person is asked, as soon as the part that asks is there. @param {Panel} panel @param {string} what
 * @param {Block} block @param {Memory} memory */
function asking(panel, what, block, memory) {
  const box = h("div");
  panel.need("asking", (part) => {
    box.replaceChildren(part[what](panel, block, memory));
    if (block.gate) memory.refuse?.(/** @type {any} */ (panel.blocks.get(block.id)).gate ?? block.gate);
  }, box);
  return box;
}

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block @param {Memory} memory */
export function drawQuestion(panel, node, block, memory) {
  node.dataset.testid = "question";
  panel.part(node, block.id, "question", [block.open, block.reply], () => asking(panel, "question", block, memory));
}

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block @param {Memory} memory */
export function drawCall(panel, node, block, memory) {
  const busy = block.status === "running" || block.status === "waiting" || Boolean(block.doubt);
  const over = block.status === "finished" || block.status === "failed" || block.status === "doubtful";
  const open = memory.open ?? (busy || (over && block.id === panel.lastCall));
  node.dataset.testid = "call";
  node.dataset.status = block.status;
  node.dataset.tool = block.name;
  const toggle = () => {
    memory.open = !open;
    panel.drawBlock(block.id);
  };
  panel.part(node, block.id, "head", [block.status, block.word, block.purpose, block.seconds, open, block.changes], () =>
    callHead(block, open, toggle));
  const body = panel.part(node, block.id, "body", "", () => null);
  body.className = "aether-body";
  body.hidden = !open;
  if (!open) return;
  const part = (/** @type {string} */ name, /** @type {any} */ value, /** @type {() => Node|null} */ build) =>
    panel.part(body, block.id, name, value, build);
  const text = block.code.map((/** @type {[string, string]} */ piece) => piece[1]).join("");
  part("code", [block.code, Boolean(block.gate)], () => block.code.length > 0 && h("div.aether-well", {},
    block.gate || block.doubt ? code(block.code) : folding(code(block.code), text),
    block.language !== "json" && copier(() => text)));
  const asked = block.gate && { ...block.gate, refused: "", refusals: 0 };
  part("gate", asked, () => block.gate && asking(panel, "gate", block, memory));
  if (block.gate) memory.refuse?.(block.gate);
  part("approval", [block.approval, block.edited], () => approvalLine(block));
  part("tries", block.tries, () => remarks(block.tries ?? [], "tries"));
  part("doubt", block.doubt, () => block.doubt && asking(panel, "doubt", block, memory));
  part("settled", block.settled, () => remarks([block.settled].filter(Boolean), "settled"));
  drawLive(panel, body, block, memory);
  part("progress", block.progress, () => block.progress && progressLine(block.progress));
  part("failure", block.failure, () => block.failure && trouble(block.failure));
  part("outputs", block.outputs, () => outputList(block));
  part("changes", block.changes, () => changeLine(block));
  part("undo", block.undo, () => block.undo && wayBack(panel, block));
}

/** @param {Block} block @param {boolean} open @param {() => void} toggle */
function callHead(block, open, toggle) {
  const running = block.status === "running" && block.begun;
  const names = [...new Set(block.changes.filter((/** @type {any} */ text) => text[0] !== "·").map((/** @type {any} */ text) => text.split(/:| \(/)[0]))].slice(0, 3).join("  ");
  return h("button.aether-row", { type: "button", expanded: String(open), test: "call-head",
    onclick: toggle },
    cell(mark(block.status)),
    h("span.aether-name", {}, block.name),
    h("span.aether-purpose", { dir: "auto", title: block.purpose }, block.purpose),
    !open && names && h("span.aether-names", {}, names),
    h("span.aether-word", { test: "call-status" },
      block.status === "finished" ? h("span.aether-spoken", {}, "done") : block.word),
    running ? h("span.aether-took", { "data-begun": block.begun, "aria-hidden": "true" }, "0:00")
      : block.seconds && h("span.aether-took", {}, block.seconds),
    icon("fold", open ? "down" : "quiet"));
}

/** @param {Panel} panel @param {HTMLElement} body @param {Block} block @param {Memory} memory */
function drawLive(panel, body, block, memory) {
  panel.part(body, block.id, "cut", block.cut, () => block.cut && h("div.aether-quiet", {}, block.cut));
  const slot = panel.part(body, block.id, "live", "", () => {
    memory.text = document.createTextNode("");
    memory.live = h("pre.aether-output", { test: "live", dir: "auto", tabindex: "0",
      label: "Output so far" }, memory.text);
    return memory.live ?? null;
  });
  if (!memory.live || !memory.text) return;
  const { live, text } = memory;
  if (!slot.contains(live)) slot.replaceChildren(live);
  if (text.data !== block.live) following(live, () => (text.data = block.live));
  slot.hidden = !block.live;
}

/** @param {Block} block */
function approvalLine(block) {
  const text = [block.edited ? "Edited by you." : "", block.approval].filter(Boolean).join(" ");
  return text ? h("div.aether-approval", { test: "approval", dir: "auto" }, text) : null;
}

/** @param {{done: number, total: number, note: string}} progress */
function progressLine(progress) {
  const bar = h("progress.aether-progress", { label: progress.note || "Progress" });
  if (progress.total > 0) {
    bar.max = progress.total;
    bar.value = progress.done;
  }
  return h("div.aether-progress-line", {}, bar, progress.note && h("span.aether-quiet", {}, progress.note));
}

/** @param {Block} block */
function outputList(block) {
  if (!block.outputs.length) return null;
  return h("div.aether-outputs", { test: "outputs" }, ...block.outputs.map((/** @type {any} */ one) => {
    if (one.type === "image") {
      const picture = h("img.aether-picture", { alt: one.text || `Figure made by ${block.name}` });
      picture.src = `data:${one.mime === "image/jpeg" ? "image/jpeg" : "image/png"};base64,${one.data}`;
      return picture;
    }
    if (one.type === "html")
      return h("div.aether-prose.aether-table", { tabindex: "0", role: "group", label: "Output" }, prose(one.html));
    if (one.type === "note") return h("div.aether-quiet", {}, one.text);
    return folding(h("pre.aether-output", { dir: "auto", tabindex: "0", label: "Output" }, one.text), one.text);
  }));
}

/** @param {Block} block */
function changeLine(block) {
  if (!block.changes.length) return null;
  return h("ul.aether-changes", { test: "changes", label: "What changed" },
    ...block.changes.map((/** @type {any} */ text) => h("li", { "data-s": text[0] }, h("b", {}, text[0]), text.slice(1))));
}

/** The way back: a button, in whose place stands what is typed when the run is over. What was changed since is taken
 * away only when that was shown. @param {Panel} panel @param {Block} block */
function wayBack(panel, block) {
  const { id, word, text, sure, number } = block.undo;
  const say = (/** @type {string} */ sure) => {
    panel.send({ type: "undo", call: block.call, id, sure });
    lock(way);
  };
  const first = button(word, "undo", () => say(""));
  const way = h("div.aether-undo", {}, text ? h("div.aether-trouble.aether-edge-warn", { role: "alert", test: "undo-text" },
    h("pre.aether-why", { dir: "auto", tabindex: "0", label: word }, text),
    sure && h("div.aether-actions", {}, button("Leave it", "undo-leave", () => way.replaceChildren(first)),
      button(`${word} all the same`, "undo-sure", () => say(sure)))) : "", !sure && first);
  const typed = `%aether undo --run ${panel.head.told?.run} ${number}`;
  return h("div", {}, way, word === "Undo" && h("div.aether-changes.aether-typed", { test: "undo-typed" }, h("b", {}, "↩"), ` ${typed}`));
}
