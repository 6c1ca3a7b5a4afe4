// @ts-check
/**
 * What the panel is made of: elements, icons, text that is text, HTML that is rebuilt from an allow-list.
 *
 * It knows nothing of a run, and sends nothing. `kit` is what the parts that come later are handed of it.
 *
 * @typedef {{what: string, why: string, hint: string}} Failure
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
  thumb: "M5.2 7.2l2.4-4.4c1 0 1.6.8 1.4 1.8l-.4 2h3.3c.9 0 1.5.8 1.3 1.6l-.9 4c-.2.7-.8 1.1-1.5 1.1h-5.6zm0 0h-2.4v6.1h2.4",
  bell: "M8 2.6a3.4 3.4 0 0 0-3.4 3.4c0 3-1.3 3.9-1.3 4.6h9.4c0-.7-1.3-1.6-1.3-4.6a3.4 3.4 0 0 0-3.4-3.4m-1.3 10.2a1.4 1.4 0 0 0 2.6 0",
};
/** The icon and the tone of each status of a call or an item of the plan. */
const MARKS = {
  proposed: ["open", "quiet"], waiting: ["pause", "warn"], running: ["spin", "busy"], finished: ["check", "ok"],
  failed: ["cross", "bad"], denied: ["cross", "warn"], doubtful: ["doubt", "warn"], skipped: ["dash", "quiet"],
  pending: ["open", "quiet"], active: ["spin", "busy"], done: ["check", "ok"], cancelled: ["dash", "warn"],
};
const TAGS = new Set(("a b blockquote br caption code del div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span " +
  "strong sub sup table tbody td tfoot th thead tr ul").split(" "));
const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATH_TAGS = new Set(("math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup " +
  "mtable mtd mtext mtr munder munderover").split(" "));
const SAFE_LINK = /^(https?:|mailto:)/i;

const SHORT = { test: "data-testid", label: "aria-label", expanded: "aria-expanded" };

// ---- elements

/**
 * An element (`tag.class.class`) with attributes, listeners (`onclick: function`) and children; strings become text
 * nodes. `test` is its name for tests, `label` the one that is read out.
 * @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
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
export function icon(name, tone = "") {
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
export function mark(status) {
  const [name, tone] = MARKS[status] ?? MARKS.pending;
  return icon(name, tone);
}

/** The place of an icon before a line. @param {Node} sign */
export function cell(sign) {
  return h("span.aether-cell", {}, sign);
}

/** @param {any} text @param {string} test @param {() => void} onclick @param {string} [kind] @param {object} [props] */
export function button(text, test, onclick, kind = "", props = {}) {
  return h("button", { class: `aether-button ${kind}`, type: "button", test, onclick, ...props }, text);
}

/** What was sent is not sent again. @param {HTMLElement} box */
export function lock(box, locked = true) {
  for (const one of box.querySelectorAll("button, select, input, textarea")) /** @type {any} */ (one).disabled = locked;
}

/**
 * Rebuild cleaned HTML from an allow-list.
 * @param {string} html @returns {DocumentFragment}
 */
export function safe(html) {
  const out = document.createDocumentFragment();
  if (html) copy(new DOMParser().parseFromString(html, "text/html").body, out);
  return out;
}

/** @param {Node} from @param {Node} to */
export function copy(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === 3) to.appendChild(document.createTextNode(node.nodeValue ?? ""));
    if (node.nodeType !== 1) continue;
    const element = /** @type {HTMLElement} */ (node);
    const tag = element.localName;
    if (MATH_TAGS.has(tag)) {
      const made = document.createElementNS(MATHML, tag);
      for (const name of ["display", "mathvariant", "stretchy", "columnalign"])
        if (/^[\w -]{1,40}$/.test(element.getAttribute(name) ?? "")) made.setAttribute(name, element.getAttribute(name) ?? "");
      copy(element, made);
      to.appendChild(made);
    }
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
export function code(pieces) {
  return h("pre.aether-code", { tabindex: "0", test: "code", label: "Arguments" },
    ...pieces.map(([kind, text]) => (kind ? h("span", { class: `aether-k-${kind}` }, text) : text)));
}

/** A button that copies a text, and says whether it could. @param {() => string} text @param {string} [test] */
export function copier(text, test = "copy", kind = "aether-copy") {
  const copies = button("Copy", test, async () => {
    try {
      await navigator.clipboard.writeText(text());
      copies.textContent = "Copied";
    } catch {
      copies.textContent = "The browser does not let it be copied";
    }
    setTimeout(() => (copies.textContent = "Copy"), 2500);
  }, kind);
  return copies;
}

/** Prose from cleaned HTML; every block of code in it can be copied. @param {string} html */
export function prose(html) {
  const made = safe(html);
  for (const block of made.querySelectorAll("p, li, h1, h2, h3, h4, h5, h6, blockquote, td, th")) block.setAttribute("dir", "auto");
  for (const pre of made.querySelectorAll("pre")) {
    const text = pre.textContent ?? "";
    const box = h("div.aether-well");
    pre.replaceWith(box);
    pre.tabIndex = 0;
    pre.setAttribute("aria-label", "Code");
    box.append(pre, copier(() => text));
  }
  for (const table of made.querySelectorAll("table")) {
    const box = h("div.aether-wide", { tabindex: "0", role: "group", label: "Table" });
    table.replaceWith(box);
    box.append(table);
  }
  return made;
}

/** A long text shows its beginning and how long it is; a click shows all of it. @param {HTMLElement} pre @param {string} text */
export function folding(pre, text) {
  const lines = text.split("\n").length;
  if (lines <= 16) return pre;
  const all = `Show all ${lines.toLocaleString("en")} lines`;
  const more = button(all, "unfold", () => {
    const open = pre.classList.toggle("aether-folded");
    more.textContent = open ? all : "Show fewer";
    more.setAttribute("aria-expanded", String(!open));
  }, "aether-more-lines", { expanded: "false" });
  pre.classList.add("aether-folded");
  return h("div", {}, pre, more);
}

/** Text whose `backticked` words are set as code. @param {string} text @returns {(string|Node)[]} */
export function inline(text) {
  return text.split(/`([^`\n]+)`/).map((piece, index) => (index % 2 ? h("code", {}, piece) : piece));
}

/** @param {Failure} failure */
export function trouble(failure, tone = "bad") {
  return h("div", { class: `aether-trouble aether-edge-${tone}`, test: "error" },
    h("div.aether-what", { dir: "auto" }, failure.what),
    failure.why && h("pre.aether-why", { dir: "auto", tabindex: "0", label: "Why" }, failure.why),
    failure.hint && h("div.aether-hint", {}, h("span.aether-label", {}, "Next"),
      h("span", { dir: "auto" }, failure.hint)));
}

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** @param {HTMLElement} box @param {() => void} change */
export function following(box, change) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 12;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

/** Quiet lines. @param {string[]} lines @param {string} test */
export function remarks(lines, test) {
  return lines.length ? h("div.aether-approval", { test }, ...lines.map((text) => h("div", { dir: "auto" }, text))) : null;
}

/** @param {string} text @param {string} letter @param {string} kind @param {string} test @param {() => void} onclick */
export function key(text, letter, kind, test, onclick) {
  const made = button(text, test, onclick, kind, { "aria-keyshortcuts": letter });
  made.append(h("kbd.aether-kbd", { "aria-hidden": "true" }, letter));
  return made;
}

/** A field for a line of text that Enter sends. @param {string} test @param {object} props @param {() => void} send */
export function field(test, props, send) {
  return h("input.aether-field", { type: "text", dir: "auto", test, ...props,
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !event.isComposing && send() });
}

export const kit = { button, cell, code, copier, field, h, icon, inline, key, lock, mark };
