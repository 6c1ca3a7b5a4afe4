// The parts that come when they are needed: gauge, lasting yeses, the plan's editor, the answer's bar, files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { $, $$, CARD, HEADER, TAIL, here, press, say, sent, script, snapshot, view, wait, window } from "./view.mjs";

const { kit } = await import(script("elements.mjs"));

const GAUGE = { used: 3000, window: 10000, text: "30% of context", label: "3,000 of 10,000 tokens in the context", note: "counted",
  pieces: [["system", 1000, "the rules"], ["variables", 2000, ""]] };
const GRANTS = [{ id: "g1", tool: "write_file", covers: "this exact call", lasts: "for this run", risk: "medium" }];
const ITEMS = [{ title: "Look", tool: "inspect_variable", status: "done" }, { title: "Compute", tool: "run_python", status: "active" },
  { title: "Write", tool: "", status: "pending", fresh: true }];
const FINAL = { ...TAIL, final: true, html: "<p>The mean is 217.2 mm, of 1,344 rows and 5.</p>", text: "The mean …", again: true,
  grounds: [{ id: "c:1", call: 3, name: "run_python", purpose: "compute", numbers: ["217.2", "1344"] }] };

test("the gauge says how full the context is, and shows of what when it is asked", async () => {
  snapshot({ header: { ...HEADER, gauge: GAUGE } });
  assert.equal($("gauge").textContent, "30% of context");
  assert.match($("gauge").getAttribute("aria-label"), /3,000 of 10,000 tokens/);
  $("gauge").click();
  const shown = await here("breakdown");
  assert.match(shown.textContent, /system1,000 · 10 %.*variables2,000 · 20 %.*free7,000 · 70 %/s);
  assert.equal($("gauge").getAttribute("aria-expanded"), "true");
  press($("drawer"), "Escape");
  assert.ok($("drawer").hidden);
  assert.equal(document.activeElement, $("gauge"));
});

test("without a known window the gauge says tokens, and without tokens it is not there", () => {
  snapshot();
  assert.ok($("gauge").hidden);
  say({ seq: 2, header: { ...HEADER, gauge: { ...GAUGE, window: 0, text: "3.0 k in context" } } });
  assert.deepEqual([$("gauge").hidden, $("gauge").firstChild.hidden, $("gauge").textContent], [false, true, "3.0 k in context"]);
});

test("the yeses that last are listed, and each can be taken back once", async () => {
  snapshot({ header: { ...HEADER, grants: GRANTS } });
  assert.equal($("grants").textContent, "1 yes");
  $("grants").click();
  await here("grant");
  assert.match($("grant").textContent, /write_file.*this exact call.*for this run · up to medium risk/);
  $("revoke").click();
  $("revoke").click();
  assert.deepEqual(sent(), [{ type: "revoke", id: "g1" }]);
  say({ seq: 2, header: HEADER });
  assert.ok($("grants").hidden && $("drawer").hidden);
});

test("the plan shows its revision, and what is still to do can be renamed, moved, dropped and added to", async () => {
  snapshot({ plan: { items: ITEMS, revised: true, revision: "two rows are missing" } });
  assert.equal($("revised").textContent, "Revised: two rows are missing");
  assert.equal($("plan-fresh").textContent, "new");
  $("plan-edit").click();
  await here("plan-row");
  assert.equal($$("plan-row").length, 2);
  $$("plan-title")[1].value = "Write it down";
  $$("plan-up")[1].click();
  say({ seq: 2, plan: { items: ITEMS, revised: true, revision: "" } });
  assert.equal($$("plan-title")[0].value, "Write it down");
  $("plan-add").click();
  $$("plan-title")[2].value = "Tell";
  $$("plan-drop")[1].click();
  $("plan-save").click();
  assert.deepEqual(sent(), [{ type: "plan", items: [{ title: "Write it down", tool: "" }, { title: "Tell", tool: "" }] }]);
  assert.equal($$("plan-item").length, 3);
});

test("a plan that is left alone is not sent", async () => {
  snapshot({ plan: { items: ITEMS, revised: false, revision: "" } });
  $("plan-edit").click();
  await here("plan-row");
  press($$("plan-title")[0], "Escape");
  assert.deepEqual([sent(), $$("plan-item").length], [[], 3]);
});

test("numbers of the answer that a call brought carry the call's number as a chip, which leads to its card", async () => {
  snapshot({ blocks: [{ ...CARD, status: "finished" }, { ...CARD, id: "c:2", call: "2", status: "finished" }], tail: FINAL });
  await here("chip");
  assert.equal($("answer").textContent, "The mean is 217.23 mm, of 1,3443 rows and 5.");
  assert.match($("ground").textContent, /3run_python compute/);
  assert.equal($$("call-head")[0].getAttribute("aria-expanded"), "false");
  $("chip").click();
  assert.equal($$("call-head")[0].getAttribute("aria-expanded"), "true");
});

test("the answer is copied, rated and asked again; a rating is taken back by the same button", async () => {
  const copied = [];
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (text) => copied.push(text) } } });
  snapshot({ tail: FINAL });
  await here("answer-copy");
  $("answer-copy").click();
  $("thumb-up").click();
  assert.equal($("thumb-up").getAttribute("aria-pressed"), "true");
  $("thumb-down").click();
  $("thumb-down").click();
  $("again").click();
  $("again").click();
  assert.deepEqual(copied, ["The mean …"]);
  assert.deepEqual(sent().map((one) => one.value ?? one.type), ["up", "down", "", "again"]);
});

test("where nothing can be asked again there is no button for it", async () => {
  snapshot({ tail: { ...FINAL, again: false } });
  await here("thumb-up");
  assert.equal($("again"), null);
});

test("the bar stays below the outputs when the picture has taken the panel's place, and goes with them", async () => {
  const area = document.createElement("div");
  area.className = "jp-OutputArea";
  document.body.append(area);
  area.append(view.el);
  snapshot({ header: { ...HEADER, state: "ENDED", outcome: "done", ended: 110 }, tail: FINAL, kept: true });
  await here("thumb-up");
  view.cleanup();
  view.cleanup = () => {};
  view.el.remove();
  area.innerHTML = '<div class="jp-OutputArea-output"><details><summary>run_python compute</summary></details></div>';
  await wait(400);
  const bar = area.querySelector('[data-testid="remains"]');
  assert.ok(bar);
  assert.match(bar.textContent, /^Go to call3run_python/);
  bar.querySelector('[data-testid="ground"]').click();
  assert.ok(area.querySelector("details").open);
  area.append(document.createElement("p"));
  await wait(20);
  assert.equal(area.lastElementChild, bar);
  bar.querySelector('[data-testid="thumb-up"]').click();
  assert.deepEqual(sent().at(-1), { type: "feedback", value: "up" });
  area.querySelector(".jp-OutputArea-output").remove();
  await wait(20);
  assert.equal(area.querySelector(".aether-remains"), null);
  assert.deepEqual(sent().at(-1), { type: "bye" });
});

test("the bar of an earlier answer goes when a later one comes", async () => {
  const area = document.createElement("div");
  area.className = "jp-OutputArea";
  document.body.append(area);
  const part = await import(script("answer.mjs"));
  area.innerHTML = '<div class="jp-OutputArea-output"></div>';
  const gone = [];
  for (const name of ["first", "second"]) part.remain({ kit, dressed: FINAL, send() {} }, area, () => gone.push(name));
  await wait(350);
  assert.deepEqual([gone, area.querySelectorAll(".aether-remains").length], [["first"], 1]);
  area.remove();
});

test("a dropped file is sent in pieces; one that is too large is not sent at all", async () => {
  snapshot();
  const drop = new window.Event("drop", { bubbles: true, cancelable: true });
  const file = (name, size) => ({ name, size, arrayBuffer: async () => new Uint8Array(size).buffer });
  drop.dataTransfer = { files: [file("a.csv", 500_000), file("b.bin", 21_000_000)], types: ["Files"] };
  $("aether-panel").dispatchEvent(drop);
  for (let n = 0; n < 200 && sent().length < 2; n += 1) await wait(5);
  assert.deepEqual(sent().map(({ name, size, at }) => [name, size, at]), [["a.csv", 500_000, 0], ["a.csv", 500_000, 400_000]]);
  assert.match($("note").textContent, /b\.bin is larger than 20 MB/);
});

test("the tab is marked while the run waits for a person, and a kernel that does not answer is said", () => {
  document.title = "book";
  const paused = { ...HEADER, state: "PAUSED", words: "Waiting for you" };
  snapshot({ header: paused });
  assert.equal(document.title, "● book");
  say({ seq: 2, header: HEADER });
  assert.equal(document.title, "book");
  const now = Date.now;
  try {
    Date.now = () => now() + 16_000;
    say({ seq: 2 });
    Date.now = () => now() + 60_000;
    view.model.listeners.get("comm_live_update")();
    assert.deepEqual(sent().map((one) => one.type), ["hello", "ping"]);
    Date.now = () => now() + 90_000;
    snapshot({ seq: 2, header: HEADER });
    assert.ok($("lost").hidden);
  } finally {
    Date.now = now;
  }
});

test("a view that is looked at again says what it has, and still asks for everything when a message is missing", () => {
  snapshot({ seq: 4 });
  document.dispatchEvent(new Event("visibilitychange"));
  view.model.say({ type: "pong" });
  say({ seq: 6 });
  say({ seq: 7 });
  assert.deepEqual(sent(), [{ type: "hello", seq: 4 }, { type: "ping" }, { type: "hello", seq: 4 }]);
});

test("a view whose hello nobody answers says so, and where the run may be found", async () => {
  const now = Date.now;
  try {
    Date.now = () => now() + 11_000;
    for (let n = 0; n < 100 && $("lost").hidden; n += 1) await wait(20);
  } finally {
    Date.now = now;
  }
  assert.match($("lost").textContent, /does not answer.*%aether show last/);
});

test("long outputs fold with a count, and unfold", () => {
  const text = Array.from({ length: 40 }, (_, n) => `line ${n}`).join("\n");
  snapshot({ blocks: [{ ...CARD, status: "finished", outputs: [{ type: "text", text }] }] });
  assert.equal($("unfold").textContent, "Show all 40 lines");
  $("unfold").click();
  assert.deepEqual([$("unfold").textContent, $("unfold").getAttribute("aria-expanded")], ["Show fewer", "true"]);
});
