// What a person is asked: gates, doubts, questions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { $, $$, CARD, GATE, WAITING, bare, here, press, say, sent, snapshot, view } from "./view.mjs";

test("approves with a click: the exact call, once", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  $("gate-lasts").value = "run";
  $("gate-approve").click();
  $("gate-approve").click();
  assert.deepEqual(sent(), [
    { type: "gate", call_id: "1", hash: "h1", decision: "approve", lasts: "run", scope: "call", reason: "" },
  ]);
});

test("denies by key with the reason that was typed", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  $("gate-reason").value = "not there";
  press($("gate"), "d");
  assert.deepEqual(bare(view.model.sent[1]), { type: "gate", call_id: "1", hash: "h1", decision: "deny", lasts: "once", scope: "call", reason: "not there" });
});

test("keys typed into a field decide nothing", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  press($("gate-reason"), "a");
  press($("gate"), "a", { ctrlKey: true });
  assert.equal(view.model.sent.length, 1);
});

test("edits the arguments before approving, and refuses what is no JSON", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  $("gate-edit").click();
  await here("edit-path");
  const field = (name) => view.el.querySelector(`[data-testid="edit-${name}"]`);
  field("path").value = "b.csv";
  field("rows").value = "four";
  $("gate-approve").click();
  assert.equal(view.model.sent.length, 1);
  field("rows").value = "4";
  $("gate-approve").click();
  assert.deepEqual(view.model.sent[1].arguments, { path: "b.csv", rows: 4 });
});

test("a call too large to be shown can only be denied", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, arguments: null, large: "1.2 MB" } }] });
  await here("gate");
  assert.deepEqual([$("gate-approve"), $("gate-edit"), $("gate-lasts")], [null, null, null]);
  assert.match($("gate-large").textContent, /too large to be shown here \(1\.2 MB\)/);
  for (const key of ["a", "e"]) $("gate").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  assert.equal(view.model.sent.length, 1);
  $("gate-deny").click();
  assert.equal(view.model.sent[1].decision, "deny");
});

test("shows the other arguments in the gate, and says when there is more to read than fits", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, rest: [["", '{"retries": 3}']], lines: 1200 } }] });
  await here("gate");
  assert.match($("gate").textContent, /Other arguments\{"retries": 3\}/);
  assert.match($("gate-lines").textContent, /all 1,200 lines/);
});

test("an edit that cannot be used comes back: what was typed stays, why is said, and it can be sent again", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  $("gate-edit").click();
  await here("edit-path");
  const field = view.el.querySelector('[data-testid="edit-path"]');
  field.value = "nowhere/b.csv";
  for (const refusals of [1, 2]) {
    $("gate-approve").click();
    assert.ok($("gate-approve").disabled && field.disabled);
    say({ seq: 1 + refusals, blocks: [{ ...WAITING, gate: { ...GATE, refused: "No such folder.", refusals } }] });
    assert.equal($("gate-refused").textContent, "No such folder.");
    assert.ok(!$("gate-refused").hidden);
    assert.ok(!$("gate-approve").disabled && !field.disabled);
    assert.equal(view.el.querySelector('[data-testid="edit-path"]'), field);
    assert.equal(field.value, "nowhere/b.csv");
  }
  $("gate-approve").click();
  assert.deepEqual(view.model.sent.slice(1).map((one) => one.arguments.path), Array(3).fill("nowhere/b.csv"));
});

test("a view that is drawn after an edit was refused says so too", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, refused: "No such folder.", refusals: 1 } }] });
  await here("gate");
  assert.equal($("gate-refused").textContent, "No such folder.");
  assert.ok(!$("gate-approve").disabled);
});

test("a gate says its risk in a word and what exactly will happen", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  const gate = $("gate");
  assert.equal(gate.getAttribute("role"), "group");
  assert.equal(gate.tabIndex, 0);
  assert.match(gate.textContent, /High risk.*acts outside this kernel.*Writes a\.csv.*\/tmp\/a\.csv.*It deletes\./s);
  assert.match(view.el.querySelector("[aria-live]").textContent, /High risk\. Writes `a\.csv`\. It waits for your approval\./);
});

test("an answered gate goes away and says who said what", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  say({ seq: 2, blocks: [{ ...CARD, status: "finished", approval: "Approved in the panel, once" }] });
  assert.equal($("gate"), null);
  assert.equal($("approval").textContent, "Approved in the panel, once");
});

test("answers a question by a button or by typing", async () => {
  const question = { kind: "question", id: "q:7", question: "7", text: "Which?", options: ["left", "right"], open: true, reply: "" };
  snapshot({ blocks: [question] });
  await here("question-option");
  view.el.querySelectorAll('[data-testid="question-option"]')[1].click();
  assert.deepEqual(bare(view.model.sent[1]), { type: "question", id: "7", answer: "right" });
  snapshot({ seq: 2, blocks: [{ ...question, id: "q:8", question: "8", options: [] }] });
  $("question-field").value = "both";
  press($("question-field"), "Enter");
  assert.deepEqual(bare(view.model.sent[2]), { type: "question", id: "8", answer: "both" });
});

test("every control has a name a screen reader can say", async () => {
  snapshot({ blocks: [WAITING, { kind: "question", id: "q:1", question: "1", text: "Which?", options: [], open: true, reply: "" }] });
  await here("gate");
  const nameless = [...view.el.querySelectorAll("button, input, select, textarea, [tabindex]")].filter(
    (node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.getAttribute("aria-labelledby")));
  assert.deepEqual(nameless, []);
});

const DOUBT = { question: "d1", options: ["it ran", "run it", "skip"], effect: "external", effect_text: "Sends a letter", path: "",
  what: "The kernel died while it ran", rest: [["", '{"to": "anna"}']] };

test("a call in doubt shows what happened, the exact call, and three ways to settle it; the first click counts", async () => {
  snapshot({ blocks: [{ ...CARD, status: "doubtful", word: "in doubt", doubt: DOUBT, tries: ["Attempt 1 was lost."], settled: "" }] });
  await here("doubt");
  assert.match($("doubt").textContent, /In doubt.*acts outside this kernel.*Sends a letter.*The kernel died while it ran/);
  assert.match($("doubt").textContent, /Other arguments.*anna/);
  assert.equal($("tries").textContent, "Attempt 1 was lost.");
  const choices = $$("doubt-option");
  assert.deepEqual(choices.map((one) => one.textContent), ["It ran", "Run it", "Skip"]);
  choices[1].click();
  choices[0].click();
  assert.deepEqual(sent(), [{ type: "question", id: "d1", answer: "run it" }]);
  const settled = { ...CARD, status: "finished", doubt: null, tries: [], settled: "It ran: settled in the panel" };
  say({ seq: 2, blocks: [settled] });
  assert.equal($("doubt"), null);
  assert.equal($("settled").textContent, "It ran: settled in the panel");
});


test("a yes that lasts may cover the folder of its file, and says for how long", async () => {
  snapshot({ blocks: [WAITING] });
  await here("gate");
  assert.ok($("gate-scope").hidden);
  $("gate-lasts").value = "minutes";
  $("gate-lasts").dispatchEvent(new Event("change"));
  assert.ok(!$("gate-scope").hidden);
  assert.deepEqual([...$("gate-scope").options].map((one) => one.textContent), ["this exact call", "whatever run_python does in tmp"]);
  $("gate-scope").value = "folder";
  $("gate-approve").click();
  assert.deepEqual([sent()[0].lasts, sent()[0].scope], ["minutes", "folder"]);
});

test("a yes that lasts may be for the variables that a call changes", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, folder: "", variables: "df, other" } }] });
  await here("gate");
  $("gate-lasts").value = "notebook";
  $("gate-lasts").dispatchEvent(new Event("change"));
  assert.deepEqual([...$("gate-scope").options].map((one) => one.textContent), ["this exact call", "whatever changes only df, other"]);
  $("gate-scope").value = "variables";
  $("gate-approve").click();
  assert.deepEqual([sent()[0].lasts, sent()[0].scope], ["notebook", "variables"]);
});

test("a call that names no file is approved for itself alone", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, path: "", folder: "" } }] });
  await here("gate");
  $("gate-lasts").value = "run";
  $("gate-lasts").dispatchEvent(new Event("change"));
  assert.ok($("gate-scope").hidden);
});

test("an edit of a file is shown as its difference, line by line", async () => {
  snapshot({ blocks: [{ ...WAITING, gate: { ...GATE, diff: ["--- a", "+++ a", "@@ -1 +1 @@", "-<b>old</b>", "+new", " same"] } }] });
  await here("gate");
  assert.deepEqual([...$("gate-diff").children].map((line) => [line.className.slice(12), line.textContent]),
    [["at", "--- a"], ["at", "+++ a"], ["at", "@@ -1 +1 @@"], ["del", "-<b>old</b>"], ["add", "+new"], ["same", " same"]]);
});

test("who asks says so where the part that asks has not come", async () => {
  view.model.answers = false;
  snapshot({ blocks: [WAITING] });
  assert.equal($("gate"), null);
  view.model.answers = true;
  snapshot({ seq: 2, blocks: [WAITING] });
  await here("gate");
});
