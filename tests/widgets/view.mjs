// What the tests of the view share: a DOM by jsdom, a model that remembers and answers for the parts, and blocks.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach } from "node:test";
import { JSDOM } from "jsdom";

export const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
for (const name of ["window", "document", "DOMParser", "Node", "Event", "KeyboardEvent", "MutationObserver",
  "requestAnimationFrame", "cancelAnimationFrame"]) globalThis[name] = window[name] ?? window;
const later = globalThis.setTimeout;
globalThis.setTimeout = (...all) => {
  const timer = later(...all);
  timer.unref();
  return timer;
};
globalThis.Blob = class { constructor(pieces) { this.text = pieces.join(""); } };
URL.createObjectURL = (blob) => `data:text/javascript,${encodeURIComponent(blob.text)}`;
URL.revokeObjectURL = () => {};

export const script = (name) => new URL(`../../aether_nb/widgets/static/${name}`, import.meta.url);
export const read = (name) => readFileSync(script(name), "utf8");
const { default: widget } = await import(process.env.AETHER_FIRST_PAINT ?? script("panel.mjs"));

class Model {
  sent = [];
  listeners = new Map();
  answers = true;
  send(content) {
    if (content.type !== "part") this.sent.push(content);
    else if (this.answers) queueMicrotask(() => this.say({ type: "part", name: content.name, source: read(`${content.name}.mjs`) }));
  }
  on(name, callback) { this.listeners.set(name, callback); }
  off(name, callback) { if (this.listeners.get(name) === callback) this.listeners.delete(name); }
  get() { return undefined; }
  say(message) { this.listeners.get("msg:custom")?.(message); }
}

export const HEADER = { run: "r", prompt: "p", model: "m", state: "THINKING", words: "Thinking", outcome: "", started: 100, ended: null,
  waited: 0, waiting_since: null, steps: "1 step", usage: "12 tokens · free", gauge: null, grants: [], now: 105 };
export const TAIL = { html: "", rest: "", final: false, forming: "", failure: null, text: "", grounds: [], feedback: "", again: false };
export const CARD = { kind: "call", id: "c:1", call: "1", name: "run_python", purpose: "compute", status: "running", word: "running",
  edited: false, begun: 100, seconds: "", code: [["k", "import"], ["", " x"]], language: "python", live: "", cut: "",
  progress: null, outputs: [], changes: [], failure: null, approval: "", gate: null };
export const GATE = { hash: "h1", risk: "high", effect: "external", reasons: ["It deletes."], effect_text: "Writes `a.csv`", path: "/tmp/a.csv",
  folder: "tmp", variables: "", diff: [], arguments: { path: "a.csv", rows: 3 }, rest: [], lines: 1, large: "", refused: "", refusals: 0 };
export const WAITING = { ...CARD, status: "waiting", word: "waiting for you", gate: GATE };

export const view = { model: /** @type {Model} */ (null), el: null, cleanup: () => {} };
beforeEach(() => {
  view.model = new Model();
  view.el = document.createElement("div");
  document.body.append(view.el);
  view.model.close = widget.initialize({ model: view.model });
  view.cleanup = widget.render({ model: view.model, el: view.el });
});
afterEach(() => {
  view.cleanup();
  view.model.close();
  view.el.remove();
});

export const $ = (id) => view.el.querySelector(`[data-testid="${id}"]`);
export const $$ = (id) => [...view.el.querySelectorAll(`[data-testid="${id}"]`)];
export const snapshot = (more = {}) => view.model.say({ type: "snapshot", seq: 1, header: HEADER,
  plan: { items: [], revised: false, revision: "" }, tail: TAIL, blocks: [], ...more });
export const say = (message) => view.model.say({ type: "delta", ...message });
export const bare = ({ mid, ...rest }) => rest;
/** What was sent after the hello, without its numbers. */
export const sent = () => view.model.sent.slice(1).map(bare);
export const press = (node, key, more = {}) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));

export const wait = (ms) => new Promise((done) => later(done, ms));

/** Wait until something stands there that a part draws. */
export async function here(id) {
  for (let n = 0; n < 400; n += 1) {
    if ($(id)) return $(id);
    await wait(5);
  }
  throw new Error(`${id} has not come`);
}
