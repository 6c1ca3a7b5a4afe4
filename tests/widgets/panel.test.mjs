// Units of the panel's view: a real DOM by jsdom, and a model that only remembers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
for (const name of ["window", "document", "DOMParser", "Node", "Event", "KeyboardEvent"]) globalThis[name] = window[name] ?? window;
const source = new URL("../../aether_nb/widgets/static/panel.mjs", import.meta.url);
const { default: widget, safe } = await import(source);

class Model {
  sent = [];
  listeners = new Map();
  send(content) { this.sent.push(content); }
  on(name, callback) { this.listeners.set(name, callback); }
  off(name, callback) { if (this.listeners.get(name) === callback) this.listeners.delete(name); }
  get() { return undefined; }
  say(message) { this.listeners.get("msg:custom")(message); }
}

const HEADER = { run: "r", prompt: "p", model: "m", state: "THINKING", words: "Thinking", outcome: "", started: 100, ended: null,
  waited: 0, waiting_since: null, steps: "1 step", usage: "12 tokens · free", now: 105 };
const TAIL = { html: "", rest: "", final: false, forming: "", failure: null };
const CARD = { kind: "call", id: "c:1", call: "1", name: "run_python", purpose: "compute", status: "running", word: "running",
  edited: false, begun: 100, seconds: "", code: [["k", "import"], ["", " x"]], language: "python", live: "", cut: "",
  progress: null, outputs: [], changes: [], failure: null, approval: "", gate: null };
const GATE = { hash: "h1", risk: "high", effect: "external", reasons: ["It deletes."], effect_text: "Writes `a.csv`", path: "/tmp/a.csv",
  arguments: { path: "a.csv", rows: 3 }, rest: [], lines: 1, large: "", refused: "", refusals: 0 };
const WAITING = { ...CARD, status: "waiting", word: "waiting for you", gate: GATE };

let model, el, cleanup;
beforeEach(() => {
  model = new Model();
  el = document.createElement("div");
  document.body.append(el);
  cleanup = widget.render({ model, el });
});
afterEach(() => {
  cleanup();
  el.remove();
});

const $ = (id) => el.querySelector(`[data-testid="${id}"]`);
const snapshot = (more = {}) => model.say({ type: "snapshot", seq: 1, header: HEADER, plan: { items: [], revised: false, revision: "" },
  tail: TAIL, blocks: [], ...more });
const bare = ({ mid, ...rest }) => rest;

test("says hello once it is drawn, and the state as soon as it is told", () => {
  assert.deepEqual(model.sent.map(bare), [{ type: "hello", seq: -1 }]);
  snapshot();
  assert.equal($("state").textContent, "Thinking");
  assert.equal($("facts").textContent, "m1 step12 tokens · free");
});

test("asks for everything once when a message is missing, and ignores what it has seen", () => {
  snapshot();
  model.say({ type: "delta", seq: 3, header: { ...HEADER, words: "Lost" } });
  model.say({ type: "delta", seq: 4, header: { ...HEADER, words: "Lost" } });
  assert.deepEqual(model.sent.map(bare), [{ type: "hello", seq: -1 }, { type: "hello", seq: 1 }]);
  assert.equal($("state").textContent, "Thinking");
  snapshot({ seq: 5 });
  model.say({ type: "delta", seq: 6, header: { ...HEADER, words: "Writing" } });
  model.say({ type: "delta", seq: 6, header: { ...HEADER, words: "Twice" } });
  assert.equal($("state").textContent, "Writing");
  assert.equal(new Set(model.sent.map((one) => one.mid)).size, 2);
});

test("shows text as text, whatever it contains", () => {
  const evil = "<img src=x onerror=alert(1)>";
  snapshot({
    plan: { items: [{ title: evil, tool: evil, status: "active" }], revised: true, revision: evil },
    tail: { ...TAIL, rest: evil, failure: { what: evil, why: evil, hint: evil } },
    blocks: [
      { ...WAITING, name: evil, purpose: evil, word: evil, code: [["s", evil]], live: evil, changes: [evil], approval: evil,
        outputs: [{ type: "text", text: evil }, { type: "note", text: evil }], failure: { what: evil, why: evil, hint: evil },
        gate: { ...GATE, effect_text: evil, path: evil, reasons: [evil] } },
      { kind: "thinking", id: "t", text: evil, done: false },
      { kind: "question", id: "q:1", question: "1", text: evil, options: [evil], open: true, reply: "" },
      { kind: "note", id: "n1", tone: "limit", failure: { what: evil, why: "", hint: "" } },
    ],
  });
  assert.equal(el.querySelectorAll("img, script").length, 0);
  assert.ok(el.textContent.split(evil).length > 15);
});

test("rebuilds HTML from an allow-list", () => {
  const box = document.createElement("div");
  box.append(safe(`<p onclick="x()" style="position:fixed" class="jp-x" id="y">a<script>b</script><img src=z><svg><a>c</a></svg>
    <a href="https://ok.example" target="_top">d</a><a href="javascript:alert(1)">e</a><a href=" java\nscript:1">f</a>
    <td style="text-align:right">g</td></p><table><tr><td style="text-align:right" colspan="2">h</td></tr></table>`));
  const attributes = [...box.querySelectorAll("*")].flatMap((node) => node.getAttributeNames().map((name) => `${node.localName}.${name}`));
  assert.deepEqual([...new Set(attributes)].sort(), ["a.href", "a.rel", "a.target", "td.colspan", "td.style"]);
  assert.deepEqual([...box.querySelectorAll("a")].map((a) => a.getAttribute("href")), ["https://ok.example", null, null]);
  assert.equal(box.querySelectorAll("script, img, svg").length, 0);
});

test("appends streamed text without drawing again", () => {
  snapshot({ blocks: [CARD] });
  const card = $("call");
  const live = $("live");
  model.say({ type: "delta", seq: 2, appends: [{ id: "c:1", field: "live", text: "one\n" }, { id: "@tail", field: "draft", text: "Hel" }] });
  model.say({ type: "delta", seq: 3, appends: [{ id: "c:1", field: "live", text: "two\n" }, { id: "@tail", field: "draft", text: "lo" }] });
  assert.equal($("call"), card);
  assert.equal($("live"), live);
  assert.equal(live.textContent, "one\ntwo\n");
  model.say({ type: "delta", seq: 4, settled: { html: "<p>Hello</p>", rest: "wor" } });
  assert.equal($("answer").innerHTML, "<p>Hello</p>");
  assert.equal(el.querySelector(".aether-rest").textContent, "wor");
});

test("approves with a click: the exact call, once", () => {
  snapshot({ blocks: [WAITING] });
  $("gate-lasts").value = "run";
  $("gate-approve").click();
  $("gate-approve").click();
  assert.deepEqual(model.sent.slice(1).map(bare), [
    { type: "gate", call_id: "1", hash: "h1", decision: "approve", lasts: "run", reason: "" },
  ]);
});

test("denies by key with the reason that was typed", () => {
  snapshot({ blocks: [WAITING] });
  $("gate-reason").value = "not there";
  $("gate").dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
  assert.deepEqual(bare(model.sent[1]), { type: "gate", call_id: "1", hash: "h1", decision: "deny", lasts: "once", reason: "not there" });
});

test("keys typed into a field decide nothing", () => {
  snapshot({ blocks: [WAITING] });
  $("gate-reason").dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
  $("gate").dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, ctrlKey: true }));
  assert.equal(model.sent.length, 1);
});

test("edits the arguments before approving, and refuses what is no JSON", () => {
  snapshot({ blocks: [WAITING] });
  $("gate-edit").click();
  const field = (name) => el.querySelector(`[data-testid="edit-${name}"]`);
  field("path").value = "b.csv";
  field("rows").value = "four";
  $("gate-approve").click();
  assert.equal(model.sent.length, 1);
  field("rows").value = "4";
  $("gate-approve").click();
  assert.deepEqual(model.sent[1].arguments, { path: "b.csv", rows: 4 });
});

test("a call too large to be shown can only be denied", () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, arguments: null, large: "1.2 MB" } }] });
  assert.deepEqual([$("gate-approve"), $("gate-edit"), $("gate-lasts")], [null, null, null]);
  assert.match($("gate-large").textContent, /too large to be shown here \(1\.2 MB\)/);
  for (const key of ["a", "e"]) $("gate").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  assert.equal(model.sent.length, 1);
  $("gate-deny").click();
  assert.equal(model.sent[1].decision, "deny");
});

test("shows the other arguments in the gate, and says when there is more to read than fits", () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, rest: [["", '{"retries": 3}']], lines: 1200 } }] });
  assert.match($("gate").textContent, /Other arguments\{"retries": 3\}/);
  assert.match($("gate-lines").textContent, /all 1,200 lines/);
});

test("an edit that cannot be used comes back: what was typed stays, why is said, and it can be sent again", () => {
  snapshot({ blocks: [WAITING] });
  $("gate-edit").click();
  const field = el.querySelector('[data-testid="edit-path"]');
  field.value = "nowhere/b.csv";
  for (const refusals of [1, 2]) {
    $("gate-approve").click();
    assert.ok($("gate-approve").disabled && field.disabled);
    model.say({ type: "delta", seq: 1 + refusals, blocks: [{ ...WAITING, gate: { ...GATE, refused: "No such folder.", refusals } }] });
    assert.equal($("gate-refused").textContent, "No such folder.");
    assert.ok(!$("gate-refused").hidden);
    assert.ok(!$("gate-approve").disabled && !field.disabled);
    assert.equal(el.querySelector('[data-testid="edit-path"]'), field);
    assert.equal(field.value, "nowhere/b.csv");
  }
  $("gate-approve").click();
  assert.deepEqual(model.sent.slice(1).map((one) => one.arguments.path), Array(3).fill("nowhere/b.csv"));
});

test("a view that is drawn after an edit was refused says so too", () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, refused: "No such folder.", refusals: 1 } }] });
  assert.equal($("gate-refused").textContent, "No such folder.");
  assert.ok(!$("gate-approve").disabled);
});

test("replaces the printed text by its tail when too much came at once", () => {
  snapshot({ blocks: [{ ...CARD, live: "old" }] });
  const live = $("live");
  model.say({ type: "delta", seq: 2, lives: [{ id: "c:1", live: "tail\n", cut: "… 9 characters before this" }] });
  model.say({ type: "delta", seq: 3, appends: [{ id: "c:1", field: "live", text: "more" }] });
  assert.equal($("live"), live);
  assert.equal(live.textContent, "tail\nmore");
  assert.match($("call").textContent, /… 9 characters before this/);
});

test("a short thought is said in its row, a longer one is folded", () => {
  const thought = (text) => ({ kind: "thinking", id: "t1", text, done: true });
  snapshot({ blocks: [thought(`I look\n${"x".repeat(113)}`)] });
  assert.equal($("thinking").textContent, `I look ${"x".repeat(113)}`);
  assert.equal($("thinking").localName, "div");
  snapshot({ seq: 2, blocks: [thought("x".repeat(121))] });
  assert.equal($("thinking").getAttribute("aria-expanded"), "false");
});

test("a gate says its risk in a word and what exactly will happen", () => {
  snapshot({ blocks: [WAITING] });
  const gate = $("gate");
  assert.equal(gate.getAttribute("role"), "group");
  assert.equal(gate.tabIndex, 0);
  assert.match(gate.textContent, /High risk.*acts outside this kernel.*Writes a\.csv.*\/tmp\/a\.csv.*It deletes\./s);
  assert.match(el.querySelector("[aria-live]").textContent, /High risk\. Writes `a\.csv`\. It waits for your approval\./);
});

test("an answered gate goes away and says who said what", () => {
  snapshot({ blocks: [WAITING] });
  model.say({ type: "delta", seq: 2, blocks: [{ ...CARD, status: "finished", approval: "Approved in the panel, once" }] });
  assert.equal($("gate"), null);
  assert.equal($("approval").textContent, "Approved in the panel, once");
});

test("a finished card folds when a later call comes, unless somebody opened it", () => {
  snapshot({ blocks: [{ ...CARD, status: "finished" }] });
  assert.equal($("call-head").getAttribute("aria-expanded"), "true");
  model.say({ type: "delta", seq: 2, blocks: [{ ...CARD, id: "c:2", call: "2" }], order: ["c:1", "c:2"] });
  const expanded = () => [...el.querySelectorAll('[data-testid="call-head"]')].map((head) => head.getAttribute("aria-expanded"));
  assert.deepEqual(expanded(), ["false", "true"]);
  $("call-head").click();
  model.say({ type: "delta", seq: 3, blocks: [{ ...CARD, id: "c:3", call: "3" }], order: ["c:1", "c:2", "c:3"] });
  assert.deepEqual(expanded(), ["true", "true", "true"]);
});

test("blocks keep their order, and those that are gone are removed", () => {
  const thought = { kind: "thinking", id: "t1", text: "hm", done: false };
  snapshot({ blocks: [thought, CARD] });
  model.say({ type: "delta", seq: 2, blocks: [{ kind: "words", id: "w1", html: "<p>x</p>" }], order: ["w1", "c:1"] });
  assert.deepEqual([...$("flow").children].map((node) => node.className), ["aether-block aether-words", "aether-block aether-call"]);
});

test("answers a question by a button or by typing", () => {
  const question = { kind: "question", id: "q:7", question: "7", text: "Which?", options: ["left", "right"], open: true, reply: "" };
  snapshot({ blocks: [question] });
  el.querySelectorAll('[data-testid="question-option"]')[1].click();
  assert.deepEqual(bare(model.sent[1]), { type: "question", id: "7", answer: "right" });
  snapshot({ seq: 2, blocks: [{ ...question, id: "q:8", question: "8", options: [] }] });
  $("question-field").value = "both";
  $("question-field").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  assert.deepEqual(bare(model.sent[2]), { type: "question", id: "8", answer: "both" });
});

test("the clock is the browser's, corrected by the kernel's, and stands while waiting", () => {
  snapshot({ header: { ...HEADER, now: Date.now() / 1000 + 7000, started: Date.now() / 1000 + 7000 - 65.5, waited: 2 } });
  assert.equal($("clock").textContent, "1:03");
  model.say({ type: "delta", seq: 2, header: { ...HEADER, started: 100, waiting_since: 107, now: 900, state: "PAUSED" } });
  assert.equal($("clock").textContent, "0:07");
});

test("Stop is sent once and says so", () => {
  snapshot();
  $("stop").click();
  $("stop").click();
  assert.deepEqual(model.sent.slice(1).map(bare), [{ type: "stop" }]);
  assert.equal($("stop").textContent, "Stopping…");
});

test("cleans up after itself", () => {
  cleanup();
  assert.equal(el.childElementCount, 0);
  assert.equal(model.listeners.size, 0);
});

test("pictures come as data and nothing else", () => {
  snapshot({ blocks: [{ ...CARD, status: "finished", outputs: [{ type: "image", mime: "text/html", data: "AA", text: "bars" }] }] });
  const picture = el.querySelector("img");
  assert.equal(picture.src, "data:image/png;base64,AA");
  assert.equal(picture.alt, "bars");
});

test("every control has a name a screen reader can say", () => {
  snapshot({ blocks: [WAITING, { kind: "question", id: "q:1", question: "1", text: "Which?", options: [], open: true, reply: "" }] });
  const nameless = [...el.querySelectorAll("button, input, select, textarea, [tabindex]")].filter(
    (node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.getAttribute("aria-labelledby")));
  assert.deepEqual(nameless, []);
});

test("motion is off for those who do not want it", () => {
  const css = readFileSync(new URL("panel.css", source), "utf8");
  assert.match(css, /prefers-reduced-motion: reduce\) \{\s*\.aether-spin \{ animation: none/);
});

test("the picker offers the models, shows what was chosen, and is left alone while somebody chooses", () => {
  const header = { ...HEADER, choices: ["m", "n"], chosen: "m" };
  snapshot({ header });
  const picker = $("model");
  assert.deepEqual([picker.hidden, picker.value, [...picker.options].map((option) => option.value)], [false, "m", ["m", "n"]]);
  assert.equal($("facts").textContent, "1 step12 tokens · free");
  picker.focus();
  picker.value = "n";
  model.say({ type: "delta", seq: 2, header });
  assert.equal(picker.value, "n");
  picker.dispatchEvent(new window.Event("change"));
  assert.deepEqual(bare(model.sent.at(-1)), { type: "model", name: "n" });
  model.say({ type: "delta", seq: 3, header: { ...header, chosen: "n" } });
  assert.equal(picker.value, "n");
  model.say({ type: "delta", seq: 4, header });
  assert.equal(picker.value, "m");
  model.say({ type: "delta", seq: 5, header: { ...header, state: "ENDED", outcome: "done", ended: 106 } });
  assert.deepEqual([picker.hidden, $("facts").textContent], [true, "m1 step12 tokens · free"]);
});

test("a single model is named and cannot be picked, and what it waits for is said", () => {
  snapshot({ header: { ...HEADER, choices: ["m"], chosen: "m" }, tail: { ...TAIL, note: "waiting 2 s: it is busy" } });
  assert.deepEqual([$("model").hidden, $("note").hidden, $("note").textContent], [true, false, "waiting 2 s: it is busy"]);
  model.say({ type: "delta", seq: 2, tail: { ...TAIL, note: "" } });
  assert.equal($("note").hidden, true);
});

const DOUBT = { question: "d1", options: ["it ran", "run it", "skip"], effect: "external", effect_text: "Sends a letter", path: "",
  what: "The kernel died while it ran", rest: [["", '{"to": "anna"}']] };

test("a call in doubt shows what happened, the exact call, and three ways to settle it; the first click counts", () => {
  snapshot({ blocks: [{ ...CARD, status: "doubtful", word: "in doubt", doubt: DOUBT, tries: ["Attempt 1 was lost."], settled: "" }] });
  assert.match($("doubt").textContent, /In doubt.*acts outside this kernel.*Sends a letter.*The kernel died while it ran/);
  assert.match($("doubt").textContent, /Other arguments.*anna/);
  assert.equal($("tries").textContent, "Attempt 1 was lost.");
  const choices = [...el.querySelectorAll('[data-testid="doubt-option"]')];
  assert.deepEqual(choices.map((one) => one.textContent), ["It ran", "Run it", "Skip"]);
  choices[1].click();
  choices[0].click();
  assert.deepEqual(model.sent.map(bare).slice(1), [{ type: "question", id: "d1", answer: "run it" }]);
  const settled = { ...CARD, status: "finished", doubt: null, tries: [], settled: "It ran: settled in the panel" };
  model.say({ type: "delta", seq: 2, blocks: [settled] });
  assert.equal($("doubt"), null);
  assert.equal($("settled").textContent, "It ran: settled in the panel");
});

test("pauses and goes on by one button, which says what it does next", () => {
  snapshot({ header: { ...HEADER, paused: false } });
  assert.equal($("pause").textContent, "Pause");
  $("pause").click();
  assert.ok($("pause").disabled);
  model.say({ type: "delta", seq: 2, header: { ...HEADER, paused: true, state: "PAUSED", words: "Paused" } });
  assert.deepEqual([$("pause").textContent, $("pause").disabled], ["Go on", false]);
  $("pause").click();
  assert.deepEqual(model.sent.map(bare).slice(1), [{ type: "pause" }, { type: "go" }]);
});

test("says what a person types to the model, once, and shows what was said", () => {
  snapshot();
  $("tell").value = "  ";
  $("tell-send").click();
  $("tell").value = " use euros ";
  $("tell").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  $("tell-send").click();
  assert.deepEqual(model.sent.map(bare).slice(1), [{ type: "tell", text: "use euros" }]);
  model.say({ type: "delta", seq: 2, order: ["n1"], blocks: [
    { kind: "note", id: "n1", tone: "said", failure: { what: "<b>use euros</b>", why: "in the panel", hint: "" } }] });
  assert.equal($("said").textContent, "<b>use euros</b>said in the panel");
  model.say({ type: "delta", seq: 3, header: { ...HEADER, state: "ENDED", outcome: "done", ended: 110 } });
  assert.ok($("tell").parentElement.classList.contains("aether-gone") && $("pause").classList.contains("aether-gone"));
});

test("copies the code of a call, and says when the browser does not let it", async () => {
  const copied = [];
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (text) => copied.push(text) } } });
  snapshot({ blocks: [CARD] });
  $("copy").click();
  await new Promise((done) => setTimeout(done));
  assert.deepEqual([copied, $("copy").textContent], [["import x"], "Copied"]);
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: {} });
  $("copy").click();
  await new Promise((done) => setTimeout(done));
  assert.equal($("copy").textContent, "The browser does not let it be copied");
});

test("a call is taken back by a click, once; what was changed since is shown first, and only agreeing says so", () => {
  const way = { id: "c1", word: "Undo", text: "", sure: "", shown: 0 };
  const card = (undo) => ({ ...CARD, status: "finished", undo });
  snapshot({ blocks: [card(way)] });
  $("undo").click();
  $("undo").click();
  assert.deepEqual(model.sent.map(bare).slice(1), [{ type: "undo", call: CARD.call, id: "c1", sure: "" }]);
  model.say({ type: "delta", seq: 2, blocks: [card({ ...way, text: "In conflict: <b>x</b>", sure: "s1", shown: 1 })] });
  assert.match($("undo-text").textContent, /<b>x<\/b>/);
  $("undo-leave").click();
  assert.deepEqual([model.sent.length, $("undo-text"), $("undo").disabled], [2, null, false]);
  model.say({ type: "delta", seq: 3, blocks: [card({ ...way, text: "In conflict: x", sure: "s2", shown: 2 })] });
  $("undo-sure").click();
  assert.deepEqual(bare(model.sent.at(-1)), { type: "undo", call: CARD.call, id: "c1", sure: "s2" });
  model.say({ type: "delta", seq: 4, blocks: [card({ ...way, id: "u1", word: "Redo" })] });
  assert.deepEqual([$("undo").textContent, $("undo").disabled], ["Redo", false]);
  model.say({ type: "delta", seq: 5, blocks: [card(null)] });
  assert.equal($("undo"), null);
});
