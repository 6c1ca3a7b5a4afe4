// @ts-check
/**
 * What a person is asked: the gate before a call, a call in doubt, a question. Each answer is sent once. It comes with
 * the first call or question of a run.
 *
 * @typedef {import("./panel.mjs").Panel} Panel
 * @typedef {import("./panel.mjs").Block} Block
 * @typedef {import("./panel.mjs").Memory} Memory
 */

const RISKS = { low: "Low risk", medium: "Medium risk", high: "High risk" };
const EFFECTS = {
  pure: "only reads", idempotent: "can be repeated safely",
  namespace: "changes variables of this kernel", external: "acts outside this kernel",
};
const LASTS = [["once", "this call"], ["minutes", "15 minutes"], ["run", "this run"], ["notebook", "this notebook"]];

/** @param {Panel["kit"]} kit @param {string} test @param {string} label @param {string[][]} choices @param {object} [props] */
function choice({ h }, test, label, choices, props = {}) {
  return h("select.aether-select", { label, test, ...props }, ...choices.map(([value, text]) => h("option", { value }, text)));
}

/** The difference that an edit of a file makes. @param {Panel["kit"]} kit @param {string[]} lines */
function difference({ h }, lines) {
  const tone = { "+": "add", "-": "del", "@": "at" };
  return h("pre.aether-code.aether-diff", { tabindex: "0", label: "What changes in the file", test: "gate-diff", dir: "ltr" },
    ...lines.map((line, at) => h("span", { class: `aether-diff-${at < 2 ? "at" : tone[line[0]] ?? "same"}` }, line || " ")));
}

/** @param {Panel} panel @param {Block} block @param {Memory} memory */
export function gate(panel, block, memory) {
  const { code, h, icon, inline, key, lock } = panel.kit;
  const { gate } = block;
  const id = `aether-${panel.page}-${block.id.replace(/\W/g, "-")}`;
  const wider = [...(gate.folder ? [["folder", `whatever ${block.name} does in ${gate.folder}`]] : []),
    ...(gate.variables ? [["variables", `whatever changes only ${gate.variables}`]] : [])];
  const scope = choice(panel.kit, "gate-scope", "What the yes covers", [["call", "this exact call"], ...wider], { hidden: true });
  const lasts = choice(panel.kit, "gate-lasts", "How long the yes is good", LASTS,
    { onchange: () => (scope.hidden = !wider.length || lasts.value === "once") });
  const reason = h("input.aether-field", { type: "text", placeholder: "Why not? The model reads it", dir: "auto",
    maxlength: "2000", label: "Reason for denying", test: "gate-reason" });
  const editor = h("div.aether-editor", { hidden: true });
  /** @type {null | (() => Record<string, any> | null)} */ let edited = null;
  const answer = (/** @type {string} */ decision) => {
    const values = decision === "approve" && edited ? edited() : undefined;
    if (values === null) return;
    panel.send({ type: "gate", call_id: block.call, hash: gate.hash, decision, lasts: lasts.value, scope: scope.hidden ? "call" : scope.value,
      reason: decision === "deny" ? reason.value : "", ...(values ? { arguments: values } : {}) });
    lock(box);
    box.dataset.sent = decision;
  };
  const approve = !gate.large && key("Approve", "a", "aether-primary", "gate-approve", () => answer("approve"));
  const edit = approve && gate.arguments && key("Edit", "e", "", "gate-edit", () => {
    edit.disabled = true;
    panel.need("editing", (part) => {
      edited = part.open(panel.kit, editor, gate.arguments);
      approve.firstChild.data = "Approve as edited";
      edit.hidden = true;
      editor.querySelector("textarea, input")?.focus();
    }, editor);
  });
  const refused = h("div.aether-refused", { role: "alert", dir: "auto", test: "gate-refused", hidden: true });
  let refusals = 0;
  memory.refuse = (now) => {  // an edit could not be used: say why, keep what was typed, let it be mended
    if (now.refusals === refusals) return;
    refusals = now.refusals;
    refused.textContent = now.refused;
    refused.hidden = false;
    lock(box, false);
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
    gate.diff.length > 0 && difference(panel.kit, gate.diff),
    gate.rest.length > 0 && h("div.aether-more", {}, h("span.aether-label", {}, "Other arguments"), code(gate.rest)),
    gate.large && h("div.aether-refused", { test: "gate-large" },
      `This call is too large to be shown here (${gate.large}). What cannot be seen cannot be approved: deny it, or stop the run.`),
    gate.lines > 24 && !gate.large && h("div.aether-quiet", { test: "gate-lines" },
      `Above are all ${gate.lines.toLocaleString("en")} lines of it; scroll to read them.`),
    editor, refused,
    h("div.aether-actions", {},
      approve && h("span.aether-group", {}, approve, h("label.aether-lasts", {}, "for", lasts), scope, edit),
      h("span.aether-group.aether-grow", {}, reason, deny)));
  panel.say(`${RISKS[gate.risk] ?? "High risk"}. ${gate.effect_text}. It waits for your approval.`);
  return box;
}

const DOUBT_TITLES = {
  "it ran": "It acted. The run goes on; what it returned is lost",
  "run it": "It did not act. It is run now",
  "skip": "Leave it, whatever became of it. It is not run again",
};

/** Nobody knows whether a call acted: what happened, and three ways to settle it. @param {Panel} panel @param {Block} block */
export function doubt(panel, block) {
  const { button, code, h, icon, inline, lock } = panel.kit;
  const { doubt } = block;
  const answer = (/** @type {string} */ text) => {
    panel.send({ type: "question", id: doubt.question, answer: text });
    lock(box);
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
  panel.say(`${block.name} is in doubt. ${doubt.what}.`);
  return box;
}

/** A question, or the answer to it. @param {Panel} panel @param {Block} block */
export function question(panel, block) {
  const { button, cell, field, h, icon, inline, lock } = panel.kit;
  const answer = (/** @type {string} */ text) => {
    if (!text.trim()) return;
    panel.send({ type: "question", id: block.question, answer: text });
    lock(box);
  };
  const typed = field("question-field", { placeholder: "Your answer", label: block.text }, () => answer(typed.value));
  const choices = block.options.length
    ? block.options.map((/** @type {string} */ text) =>
      button(text, "question-option", () => answer(text), "", { dir: "auto" }))
    : [typed, button("Answer", "question-send", () => answer(typed.value), "aether-primary")];
  const box = h("div", { class: `aether-question-box${block.open ? " aether-edge-busy" : ""}`, role: "group",
    label: block.text, "data-lm-suppress-shortcuts": "true" },
    h("div.aether-asked", {}, cell(icon("ask", block.open ? "busy" : "quiet")),
      h("span", { dir: "auto" }, ...inline(block.text))),
    block.open ? h("div.aether-actions", {}, h("span.aether-group.aether-grow", {}, ...choices))
      : h("div.aether-reply", { dir: "auto", test: "reply" }, block.reply));
  if (block.open) panel.say(block.text);
  return box;
}
