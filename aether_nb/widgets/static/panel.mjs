// @ts-check
/**
 * The live panel of a run. Python owns the state; this draws what it is told and sends what is clicked.
 *
 * Text is set as text, always. HTML arrives only from our own Markdown renderer, already cleaned, and is rebuilt
 * element by element from an allow-list: no string is ever given to the page as HTML. What is needed to paint a run
 * comes with the widget; the parts that only some need (`need`) are asked for over the widget's own channel.
 *
 * @typedef {{send(content: object): void, on(name: string, callback: Function): void,
 *   off(name: string, callback: Function): void, get(name: string): any}} Model
 * @typedef {{kind: string, id: string} & Record<string, any>} Block
 * @typedef {{open?: boolean, live?: HTMLElement, text?: Text, refuse?: (gate: any) => void, parts: Map<string, string>}} Memory
 */

import { drawCall, drawNote, drawQuestion, drawThinking, drawWords } from "./cards.mjs";
import { Attention } from "./attention.mjs";
import { Head } from "./head.mjs";
import { button, cell, field, following, h, icon, kit, prose, trouble } from "./elements.mjs";

/** So many blocks are drawn at once: a long run is painted frame by frame, and the page stays at hand meanwhile. */
const SLICE = 24;
const DRAW = { thinking: drawThinking, words: drawWords, call: drawCall, question: drawQuestion, note: drawNote };

export class Panel {
  /** @param {Model} model @param {HTMLElement} el */
  constructor(model, el) {
    this.model = model;
    this.kit = kit;
    this.seq = -1;
    this.asked = true;  // a view's first hello asks for everything
    this.sent = 0;
    this.page = Math.random().toString(36).slice(2);
    /** @type {Map<string, Block>} */ this.blocks = new Map();
    /** @type {Map<string, HTMLElement>} */ this.nodes = new Map();
    /** @type {Map<string, Memory>} */ this.memory = new Map();
    /** @type {string|undefined} */ this.lastCall = undefined;
    /** @type {Set<string>} */ this.due = new Set();
    this.slice = 0;
    /** @type {Map<string, any>} */ this.parts = new Map();
    /** @type {Map<string, {use: (part: any) => void, box?: HTMLElement}[]>} */ this.wanted = new Map();
    /** @type {any} */ this.dressed = null;
    /** @type {Element|null|undefined} */ this.place = null;
    /** @type {Element|null|undefined} */ this.kept = null;
    this.root = h("section.aether", { test: "aether-panel", label: "aether run" });
    this.head = new Head(this);
    this.attention = new Attention(this);
    this.rest = document.createTextNode("");
    this.build(el);
  }

  /** @param {HTMLElement} el */
  build(el) {
    this.lost = h("div.aether-lost", { test: "lost", role: "status", hidden: true });
    this.message = field("tell", { maxlength: "4000", placeholder: "Say something to the model while it works",
      label: "Say something to the model" }, () => this.tell());
    this.telling = h("div.aether-telling", { "data-lm-suppress-shortcuts": "true" }, this.message, this.head.bell,
      button("Tell", "tell-send", () => this.tell(), "aether-stop"));
    this.flow = h("div.aether-flow", { test: "flow" });
    this.prose = h("div.aether-prose", { dir: "auto", test: "answer" });
    this.forming = h("div.aether-forming", { test: "forming", hidden: true });
    this.note = h("div.aether-waiting", { test: "note", role: "status", hidden: true });
    this.end = h("div.aether-end", {});
    this.below = h("div.aether-below", {});
    this.tail = h("div.aether-tail", {}, this.prose, h("div.aether-rest", { dir: "auto" }, this.rest), this.forming,
      this.note, this.end, this.below);
    this.spoken = h("div.aether-spoken", { role: "status", "aria-live": "polite" });
    this.root.append(this.head.node, this.lost, this.head.plan, this.flow, this.tail, this.telling, this.spoken);
    this.root.addEventListener("dragover", (/** @type {DragEvent} */ event) => this.over(event));
    this.root.addEventListener("dragleave", () => this.root.classList.remove("aether-over"));
    this.root.addEventListener("drop", (/** @type {DragEvent} */ event) => this.drop(event));
    el.append(this.root);
    this.timer = setInterval(() => this.tick(), 250);
  }

  get ended() {
    return this.head.told?.state === "ENDED";
  }

  /** @param {object} content */
  send(content) {
    this.model.send({ ...content, mid: `${this.page}-${(this.sent += 1)}` });
  }

  hello() {
    this.send({ type: "hello", seq: this.seq });
  }

  /** Read out. @param {string} text */
  say(text) {
    this.spoken.textContent = text;
  }

  /**
   * Use a part of the panel that only some need; it is asked for once.
   * @param {string} name @param {(part: any) => void} use @param {HTMLElement} [box] where it is said that it did not come
   */
  need(name, use, box) {
    const part = this.parts.get(name);
    if (part) {
      use(part);
      return;
    }
    const waiting = this.wanted.get(name);
    if (waiting) waiting.push({ use, box });
    else {
      this.wanted.set(name, [{ use, box }]);
      this.send({ type: "part", name });
    }
    setTimeout(() => !this.parts.has(name) && box?.replaceChildren(
      h("div.aether-quiet", {}, "This part of the panel has not come yet: the kernel does not answer.")), 15_000);
  }

  /** A part has come: whoever waited for it uses it. @param {string} name @param {string} source */
  async arrived(name, source) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      this.parts.set(name, await import(url));
    } finally {
      URL.revokeObjectURL(url);
    }
    const waiting = this.wanted.get(name) ?? [];
    this.wanted.delete(name);
    for (const { use } of waiting) use(this.parts.get(name));
  }

  /** Say something to the model; it reads it before its next step. */
  tell() {
    const text = this.message.value.trim();
    if (!text) return;
    this.send({ type: "tell", text });
    this.message.value = "";
    this.message.placeholder = "Sent: the model reads it before its next step";
  }

  /** Files may be dropped while the run goes. @param {DragEvent} event */
  over(event) {
    if (this.ended || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    this.root.classList.add("aether-over");
  }

  /** @param {DragEvent} event */
  drop(event) {
    const files = [...(event.dataTransfer?.files ?? [])];
    this.root.classList.remove("aether-over");
    if (this.ended || !files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.need("dropping", (part) => part.take(files, (/** @type {object} */ said) => this.send(said),
      (/** @type {string} */ text) => this.remark(text)), this.end);
  }

  /** Say something in the panel's own line. @param {string} text */
  remark(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  /** Take in a message. A gap in the numbers means that something was lost: ask for everything. @param {any} message */
  receive(message) {
    this.attention.heard();
    if (message?.type === "part") this.arrived(message.name, message.source);
    if (message?.type === "snapshot") {
      this.asked = false;
      for (const name of this.wanted.keys()) this.send({ type: "part", name });
    } else if (message?.type !== "delta" || message.seq <= this.seq) return;
    else if (message.seq !== this.seq + 1) {
      if (!this.asked) this.hello();
      this.asked = true;
      return;
    }
    this.seq = message.seq;
    this.take(message);
    this.attention.look();
    this.tick();
  }

  /** Draw what a message says. @param {any} message */
  take(message) {
    if (message.header) {
      this.head.draw(message.header);
      this.telling.classList.toggle("aether-gone", this.ended);
    }
    if (message.plan) this.head.drawPlan(message.plan);
    /** @type {Set<string>} */ const changed = new Set();
    /** @type {string[]} */ const added = [];
    for (const block of message.blocks ?? []) {
      if (message.type === "delta" || JSON.stringify(block) !== JSON.stringify(this.blocks.get(block.id))) changed.add(block.id);
      if (!this.blocks.has(block.id)) added.push(block.id);
      this.blocks.set(block.id, block);
    }
    const order = message.type === "delta" ? message.order : (message.blocks ?? []).map((/** @type {Block} */ { id }) => id);
    const call = (order ?? added).filter((/** @type {string} */ id) => this.blocks.get(id)?.kind === "call").at(-1);
    const last = this.lastCall;
    if (order || call) this.lastCall = call;
    if (last !== this.lastCall && last) changed.add(last);
    for (const id of [...changed].reverse()) {  // what came last is looked at first
      this.stand(id);
      this.due.add(id);
    }
    this.drawDue();
    if (order) this.arrange(order);
    else this.flow.append(...added.map((id) => this.stand(id)));
    if (message.tail) this.drawTail(message.tail);
    for (const piece of message.appends ?? []) this.append(piece);
    for (const { id, live, cut } of message.lives ?? []) {
      const block = this.blocks.get(id);
      if (block) this.blocks.set(id, { ...block, live, cut });
      this.drawBlock(id);
    }
    if (message.settled) this.settle(message.settled);
    this.place = this.root.closest(".jp-OutputArea") ?? this.place;
    if (message.kept) this.kept = this.place;
  }

  tick() {
    this.head.tick(this.flow);
    this.attention.tick();
  }

  // -- blocks

  /** @param {string} id @returns {Memory} */
  recall(id) {
    let memory = this.memory.get(id);
    if (!memory) this.memory.set(id, (memory = { parts: new Map() }));
    return memory;
  }

  /** The node of a block, empty until it is drawn. @param {string} id */
  stand(id) {
    const block = this.blocks.get(id);
    if (block && !this.nodes.has(id)) this.nodes.set(id, h("article", { class: `aether-block aether-${block.kind}` }));
    return /** @type {HTMLElement} */ (this.nodes.get(id));
  }

  /** Draw what is due, a slice now and the next one before the next frame. */
  drawDue() {
    for (const id of [...this.due].slice(0, SLICE)) this.drawBlock(id);
    if (this.due.size && !this.slice)
      this.slice = requestAnimationFrame(() => {
        this.slice = 0;
        this.drawDue();
      });
  }

  /** @param {string} id */
  drawBlock(id) {
    this.due.delete(id);
    const block = this.blocks.get(id);
    if (block) DRAW[block.kind]?.(this, this.stand(id), block, this.recall(id));
  }

  /** Put the blocks in order and drop those that are gone; nothing is moved that stands where it should.
   * @param {string[]} order */
  arrange(order) {
    const wanted = new Set(order);
    for (const [id, node] of this.nodes)
      if (!wanted.has(id)) {
        node.remove();
        this.nodes.delete(id);
        this.blocks.delete(id);
      }
    let place = this.flow.firstChild;
    for (const id of order) {
      const node = this.nodes.get(id);
      if (!node) continue;
      if (node === place) place = place.nextSibling;
      else this.flow.insertBefore(node, place);
    }
  }

  /**
   * One part of a block, rebuilt only when what it shows has changed: scroll, focus and pictures stay.
   * @param {HTMLElement} node @param {string} id @param {string} name @param {any} value @param {() => any} build
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

  /** Open a block and bring it into sight. @param {string} id */
  goTo(id) {
    const node = this.nodes.get(id);
    if (!node) return;
    this.recall(id).open = true;
    this.drawBlock(id);
    const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    node.scrollIntoView?.({ block: "center", behavior: still ? "auto" : "smooth" });
    node.classList.add("aether-found");
    setTimeout(() => node.classList.remove("aether-found"), 1600);
    /** @type {HTMLElement|null} */ (node.querySelector("button"))?.focus({ preventScroll: true });
  }

  // -- the reply as it arrives

  /** @param {any} tail */
  drawTail(tail) {
    this.prose.replaceChildren(prose(tail.html));
    this.prose.classList.toggle("aether-final", tail.final);
    this.rest.data = tail.rest;
    this.formingText = "";
    this.grow(tail.forming);
    this.remark(tail.note ?? "");
    this.end.replaceChildren(tail.failure ? trouble(tail.failure) : "");
    if (tail.final) this.need("answer", (part) => part.dress(this, this.prose, this.below, tail));
    else this.below.replaceChildren();
  }

  /** @param {{html: string, rest: string}} settled */
  settle(settled) {
    this.prose.append(prose(settled.html));
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
    if (block.kind === "call") /** @type {HTMLElement} */ (live.parentElement).hidden = false;
    following(live, () => text.appendData(piece.text));
  }

  close() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.slice);
    this.attention.close();
    this.root.remove();
  }
}

/** The panels of each run on this page: some hear on when their view is gone. @type {Map<string, Set<Panel>>} */
const PANELS = new Map();

/** Hear the kernel for as long as the model lives, which is longer than a view does. @param {{model: Model}} widget */
function initialize({ model }) {
  const panels = new Set();
  PANELS.set(model.get("run"), panels);
  const receive = (/** @type {any} */ message) => panels.forEach((panel) => panel.receive(message));
  model.on("msg:custom", receive);
  return () => model.off("msg:custom", receive);
}

/** @param {{model: Model, el: HTMLElement}} view @returns {() => void} the cleanup */
function render({ model, el }) {
  const panel = new Panel(model, el);
  const panels = PANELS.get(model.get("run"));
  panels?.add(panel);
  const leave = panel.attention.listen();
  const over = () => {
    panels?.delete(panel);
    panel.send({ type: "bye" });
  };
  panel.hello();
  return () => {
    leave();
    panel.close();
    const rest = () => (panel.kept ? panel.need("answer", (part) => part.remain(panel, panel.kept, over)) : over());
    if (panel.kept || panel.ended) rest();
    else setTimeout(rest, 600);  // the picture may come before the last message, which says that it does
  };
}

export default { initialize, render };
