// @ts-check
/**
 * The live panel of a run. Python owns the state; this file draws what it is told and sends what is clicked.
 *
 * Text is set as text, always. HTML arrives only from our own Markdown renderer, already cleaned, and is rebuilt here
 * element by element from an allow-list: no string is ever given to the page as HTML.
 *
 * @typedef {{send(content: object): void, on(name: string, callback: Function): void,
 *   off(name: string, callback: Function): void, get(name: string): any}} Model
 * @typedef {{kind: string, id: string} & Record<string, any>} Block
 * @typedef {{open?: boolean, live?: HTMLElement, text?: Text, refuse?: (gate: any) => void, parts: Map<string, string>}} Memory
 */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4.5 4.5l7 7m0-7l-7 7",
  pause: "M6 4.5v7m4-7v7",
  dash: "M4.5 8h7",
  open: "M8 4.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6",
  spin: "M8 2.8a5.2 5.2 0 1 1-5.2 5.2",
  doubt: "M5.9 6.3a2.1 2.1 0 1 1 2.8 2c-.5.2-.7.6-.7 1.2m0 2.2v.1",
  alert: "M8 2.8l5.6 10.2h-11.2zm0 4.2v2.8m0 1.6v.1",
  fold: "M6 4l4 4-4 4",
  spark: "M3.5 8v.01m4.5 0v-.01m4.5 0v.01",
  ask: "M3 3.5h10v7h-5.5l-2.5 2.5v-2.5h-2z",
};
/** The icon and the tone of each status of a call or an item of the plan. */
const MARKS = {
  proposed: ["open", "quiet"], waiting: ["pause", "warn"], running: ["spin", "busy"], finished: ["check", "ok"],
  failed: ["cross", "bad"], denied: ["cross", "warn"], doubtful: ["doubt", "warn"], skipped: ["dash", "quiet"],
  pending: ["open", "quiet"], active: ["spin", "busy"], done: ["check", "ok"], cancelled: ["dash", "warn"],
};
const RISKS = { low: "Low risk", medium: "Medium risk", high: "High risk" };
const EFFECTS = {
  pure: "only reads", idempotent: "can be repeated safely",
  namespace: "changes variables of this kernel", external: "acts outside this kernel",
};
const TAGS = new Set(("a b blockquote br caption code del div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span " +
  "strong sub sup table tbody td tfoot th thead tr ul").split(" "));
const SAFE_LINK = /^(https?:|mailto:)/i;

const SHORT = { test: "data-testid", label: "aria-label" };

// ---- elements

/**
 * An element (`tag.class.class`) with attributes, listeners (`onclick: function`) and children; strings become text
 * nodes. `test` is its name for tests, `label` the one that is read out.
 * @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (value !== false && value != null) node.setAttribute(SHORT[name] ?? name, value === true ? "" : String(value));
  }
  for (const child of children) if (child || child === "") node.append(child);
  return node;
}

/** @param {keyof typeof ICONS} name @param {string} [tone] */
function icon(name, tone = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `aether-icon aether-${name} aether-tone-${tone}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** @param {string} status */
function mark(status) {
  const [name, tone] = MARKS[status] ?? MARKS.pending;
  return icon(name, tone);
}

/** The place of an icon before a line. @param {Node} sign */
function cell(sign) {
  return h("span.aether-cell", {}, sign);
}

/** @param {any} text @param {string} test @param {() => void} onclick @param {string} [kind] @param {object} [props] */
function button(text, test, onclick, kind = "", props = {}) {
  return h("button", { class: `aether-button ${kind}`, type: "button", test, onclick, ...props }, text);
}

/**
 * Rebuild cleaned HTML from an allow-list.
 * @param {string} html @returns {DocumentFragment}
 */
export function safe(html) {
  const out = document.createDocumentFragment();
  copy(new DOMParser().parseFromString(html, "text/html").body, out);
  return out;
}

/** @param {Node} from @param {Node} to */
function copy(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === 3) to.appendChild(document.createTextNode(node.nodeValue ?? ""));
    if (node.nodeType !== 1) continue;
    const element = /** @type {HTMLElement} */ (node);
    const tag = element.localName;
    if (!TAGS.has(tag)) continue;
    const made = document.createElement(tag);
    for (const name of ["colspan", "rowspan", "start", "scope"])
      if (/^\w{1,9}$/.test(element.getAttribute(name) ?? "")) made.setAttribute(name, element.getAttribute(name) ?? "");
    if (/^(left|right|center)$/.test(element.style.textAlign)) made.style.textAlign = element.style.textAlign;
    const href = element.getAttribute("href") ?? "";
    if (tag === "a" && SAFE_LINK.test(href)) {
      made.setAttribute("href", href);
      made.setAttribute("target", "_blank");
      made.setAttribute("rel", "noopener noreferrer nofollow");
    }
    copy(element, made);
    to.appendChild(made);
  }
}

/** @param {[string, string][]} pieces */
function code(pieces) {
  return h("pre.aether-code", { tabindex: "0", test: "code", label: "Arguments" },
    ...pieces.map(([kind, text]) => (kind ? h("span", { class: `aether-k-${kind}` }, text) : text)));
}

/** A button that copies code, and says whether it could. @param {[string, string][]} pieces */
function copier(pieces) {
  const copies = button("Copy", "copy", async () => {
    try {
      await navigator.clipboard.writeText(pieces.map(([, text]) => text).join(""));
      copies.textContent = "Copied";
    } catch {
      copies.textContent = "The browser does not let it be copied";
    }
  }, "aether-copy");
  return copies;
}

/** Text whose `backticked` words are set as code. @param {string} text @returns {(string|Node)[]} */
function inline(text) {
  return text.split(/`([^`\n]+)`/).map((piece, index) => (index % 2 ? h("code", {}, piece) : piece));
}

/** @param {{what: string, why: string, hint: string}} failure */
function trouble(failure, tone = "bad") {
  return h("div", { class: `aether-trouble aether-edge-${tone}`, test: "error" },
    h("div.aether-what", { dir: "auto" }, failure.what),
    failure.why && h("pre.aether-why", { dir: "auto", tabindex: "0", label: "Why" }, failure.why),
    failure.hint && h("div.aether-hint", {}, h("span.aether-label", {}, "Next"),
      h("span", { dir: "auto" }, failure.hint)));
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** @param {HTMLElement} box @param {() => void} change */
function following(box, change) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 12;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

// ---- the panel

class Panel {
  /** @param {Model} model @param {HTMLElement} el */
  constructor(model, el) {
    this.model = model;
    this.seq = -1;
    this.asked = false;
    this.sent = 0;
    this.page = Math.random().toString(36).slice(2);
    this.skew = 0;
    /** @type {any} */ this.header = null;
    /** @type {any} */ this.planned = null;
    this.paused = false;
    this.choosing = false;
    /** @type {Map<string, Block>} */ this.blocks = new Map();
    /** @type {Map<string, HTMLElement>} */ this.nodes = new Map();
    /** @type {Map<string, Memory>} */ this.memory = new Map();
    /** @type {string[]} */ this.order = [];
    this.build(el);
  }

  /** @param {HTMLElement} el */
  build(el) {
    this.stateIcon = cell(icon("open", "quiet"));
    this.state = h("span.aether-state", { test: "state" }, "Starting");
    this.clock = h("span.aether-clock", { test: "clock", "aria-hidden": "true" }, "0:00");
    this.facts = h("span.aether-facts", { test: "facts" });
    this.picker = h("select.aether-select.aether-picker", { test: "model", label: "Model",
      title: "Which model goes on with this run", hidden: true,
      onfocus: () => (this.choosing = true), onblur: () => (this.choosing = false),
      onchange: () => {
        this.choosing = false;
        this.send({ type: "model", name: this.picker.value });
      } });
    this.stop = button("Stop", "stop", () => this.stopRun(), "aether-stop", { title: "Stop this run" });
    this.rests = button("Pause", "pause", () => this.pause(), "aether-stop");
    this.message = h("input.aether-field", { type: "text", dir: "auto", maxlength: "4000", test: "tell",
      placeholder: "Say something to the model while it works", label: "Say something to the model",
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !event.isComposing && this.tell() });
    this.telling = h("div.aether-telling", { "data-lm-suppress-shortcuts": "true" }, this.message,
      button("Tell", "tell-send", () => this.tell(), "aether-stop"));
    this.plan = h("section.aether-plan", { test: "plan", label: "Plan", hidden: true });
    this.flow = h("div.aether-flow", { test: "flow" });
    this.tail = h("div.aether-tail", {});
    this.prose = h("div.aether-prose", { dir: "auto", test: "answer" });
    this.rest = document.createTextNode("");
    this.restBox = h("div.aether-rest", { dir: "auto" }, this.rest);
    this.forming = h("div.aether-forming", { test: "forming", hidden: true });
    this.end = h("div.aether-end", {});
    this.note = h("div.aether-waiting", { test: "note", role: "status", hidden: true });
    this.tail.append(this.prose, this.restBox, this.forming, this.note, this.end);
    this.spoken = h("div.aether-spoken", { role: "status", "aria-live": "polite" });
    this.root = h("section.aether", { test: "aether-panel", label: "aether run" },
      h("header.aether-head", {}, this.stateIcon, this.state, this.clock, this.facts, this.picker, this.rests,
        this.stop),
      this.plan, this.flow, this.tail, this.telling, this.spoken);
    el.append(this.root);
    this.timer = setInterval(() => this.tick(), 250);
  }

  /** @param {object} content */
  send(content) {
    this.model.send({ ...content, mid: `${this.page}-${(this.sent += 1)}` });
  }

  hello() {
    this.asked = true;
    this.send({ type: "hello", seq: this.seq });
  }

  /** Pause before the next step, or go on: whichever the run can do now. */
  pause() {
    const paused = this.header?.paused;
    this.rests.disabled = true;
    this.rests.textContent = paused ? "Going on…" : "Pausing…";
    this.send({ type: paused ? "go" : "pause" });
  }

  /** Say something to the model; it reads it before its next step. */
  tell() {
    const text = this.message.value.trim();
    if (!text) return;
    this.send({ type: "tell", text });
    this.message.value = "";
    this.message.placeholder = "Sent: the model reads it before its next step";
  }

  stopRun() {
    this.stop.disabled = true;
    this.stop.textContent = "Stopping…";
    this.send({ type: "stop" });
  }

  /** Take in a numbered message. A gap means that something was lost: ask for everything. @param {any} message */
  receive(message) {
    if (message?.type === "snapshot") {
      this.asked = false;
      this.order = (message.blocks ?? []).map((/** @type {Block} */ block) => block.id);
      this.blocks.clear();
    } else if (message?.type !== "delta" || message.seq <= this.seq) return;
    else if (message.seq !== this.seq + 1) {
      if (!this.asked) this.hello();
      return;
    }
    this.seq = message.seq;
    if (message.header) this.drawHeader(message.header);
    if (message.plan) this.drawPlan(message.plan);
    for (const block of message.blocks ?? []) this.blocks.set(block.id, block);
    if (message.order) this.order = message.order;
    const last = this.lastCall;
    this.lastCall = this.order.filter((id) => this.blocks.get(id)?.kind === "call").at(-1);
    const changed = new Set((message.blocks ?? []).map((/** @type {Block} */ block) => block.id));
    if (last !== this.lastCall && last) changed.add(last);
    for (const id of changed) this.drawBlock(id);
    if (message.order || message.type === "snapshot") this.arrange();
    if (message.tail) this.drawTail(message.tail);
    for (const piece of message.appends ?? []) this.append(piece);
    for (const { id, live, cut } of message.lives ?? []) {
      const block = this.blocks.get(id);
      if (block) this.blocks.set(id, { ...block, live, cut });
      this.drawBlock(id);
    }
    if (message.settled) this.settle(message.settled);
    this.tick();
  }

  // -- header and plan

  /** @param {any} header */
  drawHeader(header) {
    const before = this.header?.words;
    this.header = header;
    this.skew = Date.now() / 1000 - header.now;
    const ended = header.state === "ENDED";
    const status = ended ? header.outcome || "done" : header.state === "PAUSED" ? "waiting" : "running";
    if (this.root.dataset.status !== status) this.stateIcon.replaceChildren(mark(status));
    this.root.dataset.status = status;
    this.root.dataset.state = header.state;
    this.state.textContent = header.words;
    this.pick(header, ended);
    const facts = [this.picker.hidden && header.model, header.steps, header.usage].filter(Boolean);
    this.facts.replaceChildren(...facts.map((text) => h("span", { title: header.left }, text)));
    this.stop.classList.toggle("aether-gone", ended);
    if (ended) this.stop.disabled = true;
    for (const one of [this.rests, this.telling]) one.classList.toggle("aether-gone", ended);
    if (this.resting !== header.paused) {
      this.resting = header.paused;
      this.rests.disabled = false;
      this.rests.textContent = header.paused ? "Go on" : "Pause";
      this.rests.title = header.paused ? "Let this run go on" : "Pause before the next step";
    }
    if (before !== header.words) this.spoken.textContent = header.words;
    const paused = header.state === "PAUSED";
    if (paused !== this.paused && this.planned) this.drawPlan(this.planned, paused);
    this.paused = paused;
  }

  /** The model as a choice, if there is one. @param {any} header @param {boolean} ended */
  pick(header, ended) {
    const names = [...new Set([header.model, ...(header.choices ?? [])])].filter(Boolean);
    this.picker.hidden = ended || names.length < 2;
    const known = [...this.picker.options].map((option) => option.value);
    if (names.join("\n") !== known.join("\n"))
      this.picker.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
    if (!this.choosing) this.picker.value = header.chosen ?? header.model;
  }

  tick() {
    const header = this.header;
    if (!header || !header.started) return;
    const now = Date.now() / 1000 - this.skew;
    const until = header.ended ?? header.waiting_since ?? now;
    const text = clock(until - header.started - header.waited);
    if (this.clock.textContent !== text) this.clock.textContent = text;
    for (const node of this.flow.querySelectorAll("[data-begun]")) {
      const since = clock(now - Number(node.dataset.begun));
      if (node.textContent !== since) node.textContent = since;
    }
  }

  /** @param {any} plan @param {boolean} [paused] */
  drawPlan(plan, paused = this.paused) {
    this.planned = plan;
    this.plan.hidden = !plan.items.length;
    const done = plan.items.filter((/** @type {any} */ item) => item.status === "done").length;
    const words = { pending: "to do", active: "in progress", done: "done", skipped: "left out" };
    this.plan.replaceChildren(
      h("div.aether-plan-head", {}, h("span.aether-label", {}, "Plan"),
        h("span.aether-quiet", {}, `${done} of ${plan.items.length}`),
        plan.revised && h("span.aether-quiet", { dir: "auto", test: "revised" },
          plan.revision ? `revised: ${plan.revision}` : "revised")),
      h("ol.aether-items", {}, ...plan.items.map((/** @type {any} */ item) =>
        h("li", { class: `aether-item aether-item-${item.status}`, test: "plan-item", "data-status": item.status,
          "aria-current": item.status === "active" ? "step" : null },
          cell(mark(paused && item.status === "active" ? "waiting" : item.status)),
          h("span.aether-title", { dir: "auto" }, item.title),
          item.tool && h("span.aether-badge", {}, item.tool),
          h("span.aether-spoken", {}, words[item.status] ?? "")))));
  }

  // -- blocks

  /** @param {string} id @returns {Memory} */
  recall(id) {
    let memory = this.memory.get(id);
    if (!memory) this.memory.set(id, (memory = { parts: new Map() }));
    return memory;
  }

  /** @param {string} id */
  drawBlock(id) {
    const block = this.blocks.get(id);
    if (!block) return;
    const draw = { thinking: drawThinking, words: drawWords, call: drawCall, question: drawQuestion, note: drawNote };
    const node = this.nodes.get(id) ?? h("article", { class: `aether-block aether-${block.kind}` });
    this.nodes.set(id, node);
    draw[block.kind]?.(this, node, block, this.recall(id));
  }

  /** Put the blocks in order and drop those that are gone; nothing is moved that stands where it should. */
  arrange() {
    const wanted = new Set(this.order);
    for (const [id, node] of this.nodes)
      if (!wanted.has(id)) {
        node.remove();
        this.nodes.delete(id);
        this.blocks.delete(id);
      }
    let place = this.flow.firstChild;
    for (const id of this.order) {
      const node = this.nodes.get(id);
      if (!node) continue;
      if (node === place) place = place.nextSibling;
      else this.flow.insertBefore(node, place);
    }
  }

  /**
   * One part of a block, rebuilt only when what it shows has changed: scroll, focus and pictures stay.
   * @param {HTMLElement} node @param {string} id @param {string} name @param {any} value @param {() => Node|null} build
   */
  part(node, id, name, value, build) {
    const parts = this.recall(id).parts;
    const now = JSON.stringify(value ?? null);
    let slot = /** @type {HTMLElement|null} */ (node.querySelector(`:scope > [data-part="${name}"]`));
    if (slot && parts.get(name) === now) return slot;
    parts.set(name, now);
    if (!slot) node.append((slot = h("div", { "data-part": name })));
    const built = build();
    const slotted = /** @type {HTMLElement} */ (slot);
    if (built) slotted.replaceChildren(built);
    else slotted.replaceChildren();
    return slotted;
  }

  // -- the reply as it arrives

  /** @param {any} tail */
  drawTail(tail) {
    this.prose.replaceChildren(safe(tail.html));
    this.prose.classList.toggle("aether-final", tail.final);
    this.rest.data = tail.rest;
    this.formingText = "";
    this.grow(tail.forming);
    this.note.textContent = tail.note ?? "";
    this.note.hidden = !tail.note;
    this.end.replaceChildren(tail.failure ? trouble(tail.failure) : "");
  }

  /** @param {{html: string, rest: string}} settled */
  settle(settled) {
    this.prose.append(safe(settled.html));
    this.rest.data = settled.rest;
  }

  /** A call takes shape: one quiet line, always of the same height. @param {string} text */
  grow(text) {
    this.formingText = ((this.formingText ?? "") + text).slice(-400);
    this.forming.hidden = !this.formingText;
    if (!this.formingText) return;
    this.forming.replaceChildren(cell(icon("spin", "busy")), "Preparing a call",
      h("code.aether-shape", {}, this.formingText.replace(/\s+/g, " ").slice(-90)));
  }

  /** @param {{id: string, field: string, text: string}} piece */
  append(piece) {
    if (piece.id === "@tail") {
      if (piece.field === "draft") this.rest.appendData(piece.text);
      else this.grow(piece.text);
      return;
    }
    const block = this.blocks.get(piece.id);
    if (!block) return;
    block[piece.field] = (block[piece.field] ?? "") + piece.text;
    const { live, text } = this.recall(piece.id);
    if (!live || !text) return;
    if (block.kind === "call") live.hidden = false;
    following(live, () => text.appendData(piece.text));
  }

  close() {
    clearInterval(this.timer);
    this.root.remove();
  }
}

// ---- one function for each kind of block

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block @param {Memory} memory */
function drawThinking(panel, node, block, memory) {
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
    h("button.aether-row", { type: "button", "aria-expanded": String(open), test: "thinking",
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
function drawWords(panel, node, block) {
  panel.part(node, block.id, "words", block.html, () => h("div.aether-prose", { dir: "auto" }, safe(block.html)));
}

/** @param {Panel} _ @param {HTMLElement} node @param {Block} block */
function drawNote(_, node, block) {
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

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block @param {Memory} memory */
function drawCall(panel, node, block, memory) {
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
  part("code", block.code, () => (block.code.length ? code(block.code) : null));
  part("copy", block.language === "python" && block.code, () =>
    block.language === "python" && block.code.length > 0 && copier(block.code));
  const asked = block.gate && { ...block.gate, refused: "", refusals: 0 };
  part("gate", asked, () => block.gate && drawGate(panel, block, memory));
  if (block.gate) memory.refuse?.(block.gate);
  part("approval", [block.approval, block.edited], () => approvalLine(block));
  part("tries", block.tries, () => remarks(block.tries ?? [], "tries"));
  part("doubt", block.doubt, () => block.doubt && drawDoubt(panel, block));
  part("settled", block.settled, () => remarks([block.settled].filter(Boolean), "settled"));
  drawLive(panel, body, block, memory);
  part("progress", block.progress, () => block.progress && progressLine(block.progress));
  part("failure", block.failure, () => block.failure && trouble(block.failure));
  part("outputs", block.outputs, () => outputList(block));
  part("changes", block.changes, () => changeLine(block));
}

/** @param {Block} block @param {boolean} open @param {() => void} toggle */
function callHead(block, open, toggle) {
  const running = block.status === "running" && block.begun;
  const names = [...new Set(block.changes.map((/** @type {any} */ text) => text.split(/:| \(/)[0]))].slice(0, 3).join("  ");
  return h("button.aether-row", { type: "button", "aria-expanded": String(open), test: "call-head",
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
  live.hidden = !block.live;
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
      return h("div.aether-prose.aether-table", { tabindex: "0", role: "group", label: "Output" }, safe(one.html));
    if (one.type === "note") return h("div.aether-quiet", {}, one.text);
    return h("pre.aether-output", { dir: "auto", tabindex: "0", label: "Output" }, one.text);
  }));
}

/** @param {Block} block */
function changeLine(block) {
  if (!block.changes.length) return null;
  return h("ul.aether-changes", { test: "changes", label: "What changed" },
    ...block.changes.map((/** @type {any} */ text) => h("li", { "data-s": text[0] }, h("b", {}, text[0]), text.slice(1))));
}

// ---- asking

/** @param {Panel} panel @param {Block} block @param {Memory} memory */
function drawGate(panel, block, memory) {
  const { gate } = block;
  const id = `aether-${panel.page}-${block.id.replace(/\W/g, "-")}`;
  const lasts = h("select.aether-select", { label: "How long the yes is good", test: "gate-lasts" },
    ...[["once", "this call"], ["run", "this run"], ["notebook", "this notebook"]].map(([value, text]) => h("option", { value }, text)));
  const reason = h("input.aether-field", { type: "text", placeholder: "Why not? The model reads it", dir: "auto",
    maxlength: "2000", label: "Reason for denying", test: "gate-reason" });
  const editor = h("div.aether-editor", { hidden: true });
  /** @type {null | (() => Record<string, any> | null)} */ let edited = null;
  const answer = (/** @type {string} */ decision) => {
    const values = decision === "approve" && edited ? edited() : undefined;
    if (values === null) return;
    panel.send({ type: "gate", call_id: block.call, hash: gate.hash, decision, lasts: lasts.value,
      reason: decision === "deny" ? reason.value : "", ...(values ? { arguments: values } : {}) });
    for (const control of box.querySelectorAll("button, select, input, textarea")) control.disabled = true;
    box.dataset.sent = decision;
  };
  const approve = !gate.large && key("Approve", "a", "aether-primary", "gate-approve", () => answer("approve"));
  const edit = approve && gate.arguments && key("Edit", "e", "", "gate-edit", () => {
    if (!edited) edited = openEditor(editor, gate.arguments);
    approve.firstChild.data = "Approve as edited";
    edit.hidden = true;
    editor.querySelector("textarea, input")?.focus();
  });
  const refused = h("div.aether-refused", { role: "alert", dir: "auto", test: "gate-refused", hidden: true });
  let refusals = 0;
  memory.refuse = (now) => {  // an edit could not be used: say why, keep what was typed, let it be mended
    if (now.refusals === refusals) return;
    refusals = now.refusals;
    refused.textContent = now.refused;
    refused.hidden = false;
    for (const control of box.querySelectorAll("button, select, input, textarea")) control.disabled = false;
    delete box.dataset.sent;
    editor.querySelector("textarea, input")?.focus();
  };
  const deny = key("Deny", "d", "", "gate-deny", () => answer("deny"));
  const keys = { a: approve, e: edit, d: deny };
  const box = h("div", { class: `aether-gate aether-edge-${{ low: "ok", medium: "warn", high: "bad" }[gate.risk] ?? "bad"}`,
    role: "group", tabindex: "0", "aria-labelledby": `${id}-what`, "aria-describedby": `${id}-why`, test: "gate",
    "data-risk": gate.risk, "data-lm-suppress-shortcuts": "true",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key].click();
    } },
    h("div.aether-risk", {}, icon(gate.risk === "low" ? "open" : "alert"), h("b", {}, RISKS[gate.risk] ?? "High risk"),
      h("span.aether-quiet", {}, EFFECTS[gate.effect] ?? "")),
    h("div.aether-effect", { id: `${id}-what`, dir: "auto" }, ...inline(gate.effect_text)),
    h("div", { id: `${id}-why` }, gate.path && h("div.aether-path", { test: "gate-path" }, gate.path),
      gate.reasons.length > 0 && h("ul.aether-reasons", {},
        ...gate.reasons.map((/** @type {string} */ text) => h("li", { dir: "auto" }, ...inline(text))))),
    gate.rest.length > 0 && h("div.aether-more", {}, h("span.aether-label", {}, "Other arguments"), code(gate.rest)),
    gate.large && h("div.aether-refused", { test: "gate-large" },
      `This call is too large to be shown here (${gate.large}). What cannot be seen cannot be approved: deny it, or stop the run.`),
    gate.lines > 24 && !gate.large && h("div.aether-quiet", { test: "gate-lines" },
      `Above are all ${gate.lines.toLocaleString("en")} lines of it; scroll to read them.`),
    editor, refused,
    h("div.aether-actions", {},
      approve && h("span.aether-group", {}, approve, h("label.aether-lasts", {}, "for", lasts), edit),
      h("span.aether-group.aether-grow", {}, reason, deny)));
  panel.spoken.textContent = `${RISKS[gate.risk] ?? "High risk"}. ${gate.effect_text}. It waits for your approval.`;
  return box;
}

/** Quiet lines. @param {string[]} lines @param {string} test */
function remarks(lines, test) {
  return lines.length
    ? h("div.aether-approval", { test },
      ...lines.map((text) => h("div", { dir: "auto" }, text))) : null;
}

const DOUBT_TITLES = {
  "it ran": "It acted. The run goes on; what it returned is lost",
  "run it": "It did not act. It is run now",
  "skip": "Leave it, whatever became of it. It is not run again",
};

/** Nobody knows whether a call acted: what happened, and three ways to settle it. @param {Panel} panel @param {Block} block */
function drawDoubt(panel, block) {
  const { doubt } = block;
  const answer = (/** @type {string} */ text) => {
    panel.send({ type: "question", id: doubt.question, answer: text });
    for (const control of box.querySelectorAll("button")) control.disabled = true;
    box.dataset.sent = text;
  };
  const choices = doubt.options.map((/** @type {string} */ text) => button(text.slice(0, 1).toUpperCase() + text.slice(1),
    "doubt-option", () => answer(text), "", { title: DOUBT_TITLES[text] ?? "" }));
  const box = h("div.aether-gate.aether-edge-warn", { role: "group", tabindex: "0", test: "doubt",
    label: `${block.name} is in doubt`, "data-lm-suppress-shortcuts": "true" },
    h("div.aether-risk", {}, icon("doubt"), h("b", {}, "In doubt"),
      h("span.aether-quiet", {}, EFFECTS[doubt.effect] ?? "")),
    h("div.aether-effect", { dir: "auto" }, ...inline(doubt.effect_text)),
    h("div", { dir: "auto" }, `${doubt.what}. Nobody knows whether it acted: look, then say what became of it.`),
    doubt.path && h("div.aether-path", {}, doubt.path),
    doubt.rest.length > 0 && h("div.aether-more", {}, h("span.aether-label", {}, "Other arguments"), code(doubt.rest)),
    h("div.aether-actions", {}, h("span.aether-group", {}, ...choices)),
    h("ul.aether-reasons.aether-doubts", {}, ...doubt.options.map((/** @type {string} */ text) =>
      h("li", {}, h("b", {}, text.slice(0, 1).toUpperCase() + text.slice(1)), ` · ${DOUBT_TITLES[text] ?? ""}.`))));
  panel.spoken.textContent = `${block.name} is in doubt. ${doubt.what}.`;
  return box;
}

/** @param {string} text @param {string} letter @param {string} kind @param {string} test @param {() => void} onclick */
function key(text, letter, kind, test, onclick) {
  const made = button(text, test, onclick, kind, { "aria-keyshortcuts": letter });
  made.append(h("kbd.aether-kbd", { "aria-hidden": "true" }, letter));
  return made;
}

/**
 * Fields for the arguments of a call: text as text, the rest as JSON.
 * @param {HTMLElement} editor @param {Record<string, any>} values
 * @returns {() => Record<string, any> | null} reads them; null when one cannot be read
 */
function openEditor(editor, values) {
  const fields = Object.entries(values).map(([name, value]) => {
    const isText = typeof value === "string";
    const text = isText ? value : JSON.stringify(value);
    const field = isText && (text.includes("\n") || text.length > 60 || name === "code")
      ? h("textarea.aether-field.aether-mono", { rows: Math.min(16, text.split("\n").length + 1), spellcheck: "false" })
      : h("input.aether-field.aether-mono", { type: "text", spellcheck: "false" });
    field.value = text;
    field.setSelectionRange(0, 0);
    field.dataset.testid = `edit-${name}`;
    editor.append(h("label.aether-edit", {}, h("span.aether-label", {}, name), field));
    return { name, isText, field };
  });
  editor.hidden = false;
  return () => {
    /** @type {Record<string, any>} */ const read = {};
    for (const { name, isText, field } of fields) {
      field.setCustomValidity("");
      try {
        read[name] = isText ? field.value : JSON.parse(field.value);
      } catch {
        field.setCustomValidity("This is not valid JSON.");
        field.reportValidity();
        return null;
      }
    }
    return read;
  };
}

/** @param {Panel} panel @param {HTMLElement} node @param {Block} block */
function drawQuestion(panel, node, block) {
  node.dataset.testid = "question";
  panel.part(node, block.id, "question", [block.open, block.reply], () => {
    const answer = (/** @type {string} */ text) => {
      if (!text.trim()) return;
      panel.send({ type: "question", id: block.question, answer: text });
      for (const control of box.querySelectorAll("button, input")) control.disabled = true;
    };
    const field = h("input.aether-field", { type: "text", dir: "auto", placeholder: "Your answer",
      label: block.text, test: "question-field",
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !event.isComposing && answer(field.value) });
    const choices = block.options.length
      ? block.options.map((/** @type {string} */ text) =>
        button(text, "question-option", () => answer(text), "", { dir: "auto" }))
      : [field, button("Answer", "question-send", () => answer(field.value), "aether-primary")];
    const box = h("div", { class: `aether-question-box${block.open ? " aether-edge-busy" : ""}`, role: "group",
      label: block.text, "data-lm-suppress-shortcuts": "true" },
      h("div.aether-asked", {}, cell(icon("ask", block.open ? "busy" : "quiet")),
        h("span", { dir: "auto" }, ...inline(block.text))),
      block.open ? h("div.aether-actions", {}, h("span.aether-group.aether-grow", {}, ...choices))
        : h("div.aether-reply", { dir: "auto", test: "reply" }, block.reply));
    if (block.open) panel.spoken.textContent = block.text;
    return box;
  });
}

// ---- the door

/** @param {{model: Model, el: HTMLElement}} view @returns {() => void} the cleanup */
function render({ model, el }) {
  const panel = new Panel(model, el);
  const receive = (/** @type {any} */ message) => panel.receive(message);
  const again = () => {
    if (panel.header?.state !== "ENDED" && document.visibilityState !== "hidden") panel.hello();
  };
  model.on("msg:custom", receive);
  model.on("comm_live_update", again);
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", again);
  panel.hello();
  return () => {
    model.off("msg:custom", receive);
    model.off("comm_live_update", again);
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", again);
    panel.send({ type: "bye" });
    panel.close();
  };
}

export default { render };
