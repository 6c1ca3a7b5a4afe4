// Units of the view: what it draws, and what it sends when it is clicked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { $, $$, CARD, HEADER, TAIL, WAITING, GATE, bare, here, press, read, say, script, sent, snapshot, view, wait, window } from "./view.mjs";

const { safe } = await import(script("elements.mjs"));

test("says hello once it is drawn, and the state as soon as it is told", () => {
  assert.deepEqual(view.model.sent.map(bare), [{ type: "hello", seq: -1 }]);
  snapshot();
  assert.equal($("state").textContent, "Thinking");
  assert.equal($("facts").textContent, "12 tokens · free1 stepm");
});

test("asks for everything once when a message is missing, and ignores what it has seen", () => {
  snapshot();
  say({ seq: 3, header: { ...HEADER, words: "Lost" } });
  say({ seq: 4, header: { ...HEADER, words: "Lost" } });
  assert.deepEqual(view.model.sent.map(bare), [{ type: "hello", seq: -1 }, { type: "hello", seq: 1 }]);
  assert.equal($("state").textContent, "Thinking");
  snapshot({ seq: 5 });
  say({ seq: 6, header: { ...HEADER, words: "Writing" } });
  say({ seq: 6, header: { ...HEADER, words: "Twice" } });
  assert.equal($("state").textContent, "Writing");
  assert.equal(new Set(view.model.sent.map((one) => one.mid)).size, 2);
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
  assert.equal(view.el.querySelectorAll("img, script").length, 0);
  assert.ok(view.el.textContent.split(evil).length > 15);
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
  say({ seq: 2, appends: [{ id: "c:1", field: "live", text: "one\n" }, { id: "@tail", field: "draft", text: "Hel" }] });
  say({ seq: 3, appends: [{ id: "c:1", field: "live", text: "two\n" }, { id: "@tail", field: "draft", text: "lo" }] });
  assert.equal($("call"), card);
  assert.equal($("live"), live);
  assert.equal(live.textContent, "one\ntwo\n");
  say({ seq: 4, settled: { html: "<p>Hello</p>", rest: "wor" } });
  assert.equal($("answer").innerHTML, '<p dir="auto">Hello</p>');
  assert.equal(view.el.querySelector(".aether-rest").textContent, "wor");
});

test("a long run is painted piece by piece, its end first, and each block keeps its place and what is told of it meanwhile", async () => {
  const ids = Array.from({ length: 60 }, (_, n) => `c:${n}`);
  const card = (id) => ({ ...CARD, id, call: id.slice(2), purpose: id, status: "finished", word: "", live: "" });
  snapshot({ blocks: ids.map(card) });
  const drawn = () => $$("call").map((node) => node.querySelector(".aether-purpose").textContent);
  assert.deepEqual(drawn(), ids.slice(36));
  assert.equal(view.el.querySelectorAll(".aether-flow > article").length, 60);
  say({ seq: 2, blocks: [{ ...card("c:0"), purpose: "told later" }] });
  await wait(200);
  assert.deepEqual(drawn(), ["told later", ...ids.slice(1)]);
});

test("replaces the printed text by its tail when too much came at once", () => {
  snapshot({ blocks: [{ ...CARD, live: "old" }] });
  const live = $("live");
  say({ seq: 2, lives: [{ id: "c:1", live: "tail\n", cut: "… 9 characters before this" }] });
  say({ seq: 3, appends: [{ id: "c:1", field: "live", text: "more" }] });
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

test("a finished card folds when a later call comes, unless somebody opened it", () => {
  snapshot({ blocks: [{ ...CARD, status: "finished" }] });
  assert.equal($("call-head").getAttribute("aria-expanded"), "true");
  say({ seq: 2, blocks: [{ ...CARD, id: "c:2", call: "2" }] });
  const expanded = () => $$("call-head").map((head) => head.getAttribute("aria-expanded"));
  assert.deepEqual(expanded(), ["false", "true"]);
  $("call-head").click();
  say({ seq: 3, blocks: [{ ...CARD, id: "c:3", call: "3" }] });
  assert.deepEqual(expanded(), ["true", "true", "true"]);
});

test("blocks keep their order, and those that are gone are removed", () => {
  const thought = { kind: "thinking", id: "t1", text: "hm", done: false };
  snapshot({ blocks: [thought, CARD] });
  say({ seq: 2, blocks: [{ kind: "words", id: "w1", html: "<p>x</p>" }], order: ["w1", "c:1"] });
  assert.deepEqual([...$("flow").children].map((node) => node.className), ["aether-block aether-words", "aether-block aether-call"]);
});

test("new blocks stand behind all others, one that was gone too, and the last call stays the last until a later one comes", () => {
  const note = (id) => ({ kind: "note", id, tone: "info", failure: { what: id, why: "", hint: "" } });
  const card = (id) => ({ ...CARD, id: `c:${id}`, call: id, purpose: id, status: "finished" });
  const shown = () => [...$("flow").children].map((node) => node.querySelector(".aether-purpose, .aether-remark").textContent);
  const open = () => $$("call-head").filter((head) => head.getAttribute("aria-expanded") === "true").length;
  snapshot({ blocks: [note("a"), card("1")] });
  say({ seq: 2, blocks: [note("b"), card("2"), note("c")] });
  say({ seq: 3, blocks: [card("1"), note("d")] });
  assert.deepEqual([shown(), open()], [["a", "1", "b", "2", "c", "d"], 1]);
  assert.ok(!$$("call")[1].querySelector(".aether-body").hidden);
  say({ seq: 4, order: ["a", "c:1", "c:2", "c", "d"] });
  say({ seq: 5, blocks: [note("b")] });
  assert.deepEqual([shown(), open()], [["a", "1", "2", "c", "d", "b"], 1]);
  snapshot({ seq: 6, blocks: [card("1"), note("a")] });
  assert.deepEqual(shown(), ["1", "a"]);
});

test("a block that comes to a long run moves no other and makes none looked at", async () => {
  snapshot({ blocks: Array.from({ length: 60 }, (_, n) => ({ ...CARD, id: `c:${n}`, call: String(n), status: "finished" })) });
  await wait(200);
  const { insertBefore } = window.Node.prototype;
  const { get } = Map.prototype;
  let [moved, asked] = [0, 0];
  try {
    window.Node.prototype.insertBefore = function (...all) {
      moved += this === $("flow");
      return insertBefore.apply(this, all);
    };
    Map.prototype.get = function (id) {
      asked += typeof id === "string" && id.startsWith("c:");
      return get.call(this, id);
    };
    say({ seq: 2, blocks: [{ kind: "words", id: "w1", html: "<p>x</p>" }] });
  } finally {
    window.Node.prototype.insertBefore = insertBefore;
    Map.prototype.get = get;
  }
  assert.deepEqual([moved, asked], [0, 0]);
  assert.equal($("flow").lastChild.textContent, "x");
});

test("the clock is the browser's, corrected by the kernel's, and stands while waiting", () => {
  snapshot({ header: { ...HEADER, now: Date.now() / 1000 + 7000, started: Date.now() / 1000 + 7000 - 65.5, waited: 2 } });
  assert.equal($("clock").textContent, "1:03");
  say({ seq: 2, header: { ...HEADER, started: 100, waiting_since: 107, now: 900, state: "PAUSED" } });
  assert.equal($("clock").textContent, "0:07");
});

test("Stop is sent once and says so", () => {
  snapshot();
  $("stop").click();
  $("stop").click();
  assert.deepEqual(sent(), [{ type: "stop" }]);
  assert.equal($("stop").textContent, "Stopping…");
});

test("cleans up after itself", async () => {
  view.cleanup();
  view.model.close();
  await wait(700);
  assert.equal(view.el.childElementCount, 0);
  assert.equal(view.model.listeners.size, 0);
});

test("pictures come as data and nothing else", () => {
  snapshot({ blocks: [{ ...CARD, status: "finished", outputs: [{ type: "image", mime: "text/html", data: "AA", text: "bars" }] }] });
  const picture = view.el.querySelector("img");
  assert.equal(picture.src, "data:image/png;base64,AA");
  assert.equal(picture.alt, "bars");
});

test("motion is off for those who do not want it", () => {
  const css = read("panel.css");
  assert.match(css, /prefers-reduced-motion: reduce\) \{\s*\.aether-spin \{ animation: none/);
});

test("the picker offers the models, shows what was chosen, and is left alone while somebody chooses", () => {
  const header = { ...HEADER, choices: ["m", "n"], chosen: "m" };
  snapshot({ header });
  const picker = $("model");
  assert.deepEqual([picker.hidden, picker.value, [...picker.options].map((option) => option.value)], [false, "m", ["m", "n"]]);
  assert.equal($("facts").textContent, "12 tokens · free1 step");
  picker.focus();
  picker.value = "n";
  say({ seq: 2, header });
  assert.equal(picker.value, "n");
  picker.dispatchEvent(new window.Event("change"));
  assert.deepEqual(bare(view.model.sent.at(-1)), { type: "model", name: "n" });
  say({ seq: 3, header: { ...header, chosen: "n" } });
  assert.equal(picker.value, "n");
  say({ seq: 4, header });
  assert.equal(picker.value, "m");
  say({ seq: 5, header: { ...header, state: "ENDED", outcome: "done", ended: 106 } });
  assert.deepEqual([picker.hidden, $("facts").textContent], [true, "12 tokens · free1 stepm"]);
});

test("a single model is named and cannot be picked, and what it waits for is said", () => {
  snapshot({ header: { ...HEADER, choices: ["m"], chosen: "m" }, tail: { ...TAIL, note: "waiting 2 s: it is busy" } });
  assert.deepEqual([$("model").hidden, $("note").hidden, $("note").textContent], [true, false, "waiting 2 s: it is busy"]);
  say({ seq: 2, tail: { ...TAIL, note: "" } });
  assert.equal($("note").hidden, true);
});

test("pauses and goes on by one button, which says what it does next", () => {
  snapshot({ header: { ...HEADER, paused: false } });
  assert.equal($("pause").textContent, "Pause");
  $("pause").click();
  assert.ok($("pause").disabled);
  say({ seq: 2, header: { ...HEADER, paused: true, state: "PAUSED", words: "Paused" } });
  assert.deepEqual([$("pause").textContent, $("pause").disabled], ["Go on", false]);
  $("pause").click();
  assert.deepEqual(sent(), [{ type: "pause" }, { type: "go" }]);
});

test("says what a person types to the model, once, and shows what was said", () => {
  snapshot();
  $("tell").value = "  ";
  $("tell-send").click();
  $("tell").value = " use euros ";
  press($("tell"), "Enter");
  $("tell-send").click();
  assert.deepEqual(sent(), [{ type: "tell", text: "use euros" }]);
  say({ seq: 2, order: ["n1"], blocks: [
    { kind: "note", id: "n1", tone: "said", failure: { what: "<b>use euros</b>", why: "in the panel", hint: "" } }] });
  assert.equal($("said").textContent, "<b>use euros</b>said in the panel");
  say({ seq: 3, header: { ...HEADER, state: "ENDED", outcome: "done", ended: 110 } });
  assert.ok($("tell").parentElement.classList.contains("aether-gone") && $("pause").classList.contains("aether-gone"));
});

test("copies the code of a call, and says when the browser does not let it", async () => {
  const copied = [];
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (text) => copied.push(text) } } });
  snapshot({ blocks: [CARD] });
  $("copy").click();
  await wait(2);
  assert.deepEqual([copied, $("copy").textContent], [["import x"], "Copied"]);
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: {} });
  $("copy").click();
  await wait(2);
  assert.equal($("copy").textContent, "The browser does not let it be copied");
});

test("a call is taken back by a click, once; what was changed since is shown first, and only agreeing says so", () => {
  const way = { id: "c1", word: "Undo", text: "", sure: "", shown: 0, number: 3 };
  const card = (undo) => ({ ...CARD, status: "finished", undo });
  snapshot({ blocks: [card(way)] });
  assert.equal($("undo-typed").textContent, "↩ %aether undo --run r 3");
  $("undo").click();
  $("undo").click();
  assert.deepEqual(sent(), [{ type: "undo", call: CARD.call, id: "c1", sure: "" }]);
  say({ seq: 2, blocks: [card({ ...way, text: "In conflict: <b>x</b>", sure: "s1", shown: 1 })] });
  assert.match($("undo-text").textContent, /<b>x<\/b>/);
  $("undo-leave").click();
  assert.deepEqual([view.model.sent.length, $("undo-text"), $("undo").disabled], [2, null, false]);
  say({ seq: 3, blocks: [card({ ...way, text: "In conflict: x", sure: "s2", shown: 2 })] });
  $("undo-sure").click();
  assert.deepEqual(bare(view.model.sent.at(-1)), { type: "undo", call: CARD.call, id: "c1", sure: "s2" });
  say({ seq: 4, blocks: [card({ ...way, id: "u1", word: "Redo" })] });
  assert.deepEqual([$("undo").textContent, $("undo").disabled, $("undo-typed")], ["Redo", false, null]);
  say({ seq: 5, blocks: [card(null)] });
  assert.equal($("undo"), null);
});
