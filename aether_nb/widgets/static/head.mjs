// @ts-check
/**
 * The head of the panel: state, clock, model, gauge, figures, buttons; and the plan below it.
 *
 * @typedef {import("./panel.mjs").Panel} Panel
 */

import { button, cell, clock, h, icon, kit, mark } from "./elements.mjs";

const WORDS = { pending: "to do", active: "in progress", done: "done", skipped: "left out" };

export class Head {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.paused = false;
    this.choosing = false;
    /** @type {any} */ this.told = null;
    /** @type {any} */ this.planned = null;
    this.skew = 0;
    this.stateIcon = cell(icon("open", "quiet"));
    this.state = h("span.aether-state", { test: "state" }, "Starting");
    this.clock = h("span.aether-clock", { test: "clock", "aria-hidden": "true" }, "0:00");
    this.facts = h("span.aether-facts", { test: "facts" });
    this.gauge = h("button.aether-gauge", { type: "button", test: "gauge", label: "Context", hidden: true, expanded: "false",
      onclick: () => this.drawer("gauge", this.told?.gauge), onmouseenter: () => this.peek(), onmouseleave: () => this.unpeek() },
      h("span.aether-gauge-bar", {}, h("span.aether-gauge-fill")), h("span.aether-gauge-text"));
    this.grants = h("button.aether-link", { type: "button", test: "grants", hidden: true, expanded: "false",
      onclick: () => this.drawer("grants", this.told?.grants) });
    this.bell = h("button.aether-link", { type: "button", test: "notify", hidden: true, onclick: () => this.allow(),
      title: "Notify me when a run waits for me", label: "Notify me when a run waits for me" }, icon("bell"));
    this.picker = h("select.aether-select.aether-picker", { test: "model", label: "Model",
      title: "Which model goes on with this run", hidden: true,
      onfocus: () => (this.choosing = true), onblur: () => (this.choosing = false),
      onchange: () => {
        this.choosing = false;
        panel.send({ type: "model", name: this.picker.value });
      } });
    this.rests = button("Pause", "pause", () => this.pause(), "aether-stop");
    this.stop = button("Stop", "stop", () => this.stopRun(), "aether-stop", { title: "Stop this run" });
    this.drawn = h("div.aether-drawer", { hidden: true, test: "drawer", "data-lm-suppress-shortcuts": "true" });
    this.node = h("header.aether-head", { onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.shut(true) }, this.stateIcon, this.state, this.clock, this.facts, this.gauge, this.grants,
      h("span.aether-controls", {}, this.picker, this.rests, this.stop), this.drawn);
    this.plan = h("section.aether-plan", { test: "plan", label: "Plan", hidden: true });
  }

  /** Pause before the next step, or go on: whichever the run can do now. */
  pause() {
    const paused = this.told?.paused;
    this.rests.disabled = true;
    this.rests.textContent = paused ? "Going on…" : "Pausing…";
    this.panel.send({ type: paused ? "go" : "pause" });
  }

  stopRun() {
    this.stop.disabled = true;
    this.stop.textContent = "Stopping…";
    this.panel.send({ type: "stop" });
  }

  /** @param {any} header */
  draw(header) {
    const before = this.told?.words;
    this.told = header;
    this.skew = Date.now() / 1000 - header.now;
    const ended = header.state === "ENDED";
    const status = ended ? header.outcome || "done" : header.state === "PAUSED" ? "waiting" : "running";
    const { root } = this.panel;
    if (root.dataset.status !== status) this.stateIcon.replaceChildren(mark(status));
    root.dataset.status = status;
    root.dataset.state = header.state;
    this.state.textContent = header.words;
    this.pick(header, ended);
    const facts = [this.picker.hidden && header.model, header.steps, header.usage].filter(Boolean).reverse();
    this.facts.replaceChildren(...facts.map((text) => h("span", { title: header.left }, text)));
    this.measure(header.gauge);
    this.trust(header.grants ?? []);
    this.stop.classList.toggle("aether-gone", ended);
    if (ended) this.stop.disabled = true;
    this.rests.classList.toggle("aether-gone", ended);
    if (this.resting !== header.paused) {
      this.resting = header.paused;
      this.rests.disabled = false;
      this.rests.textContent = header.paused ? "Go on" : "Pause";
      this.rests.title = header.paused ? "Let this run go on" : "Pause before the next step";
    }
    if (before !== header.words) this.panel.say(header.words);
    const paused = header.state === "PAUSED";
    this.bell.hidden = ended || !paused || globalThis.Notification?.permission !== "default";
    if (paused !== this.paused && this.planned) this.drawPlan(this.planned, paused);
    this.paused = paused;
  }

  /** Ask the browser, because somebody clicked, whether it may notify. */
  async allow() {
    await Notification.requestPermission();
    this.bell.hidden = true;
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

  /** How full the context is. @param {any} gauge */
  measure(gauge) {
    this.gauge.hidden = !gauge;
    if (!gauge) return;
    const share = gauge.window ? gauge.used / gauge.window : 0;
    const [bar, text] = this.gauge.children;
    bar.hidden = !gauge.window;
    bar.firstChild.style.inlineSize = `${Math.min(100, Math.max(2, share * 100))}%`;
    this.gauge.dataset.tone = share > 0.85 ? "bad" : share > 0.6 ? "warn" : "ok";
    text.textContent = gauge.text;
    this.gauge.title = gauge.label;
    this.gauge.setAttribute("aria-label", `Context: ${gauge.label}. Show what it holds`);
    if (this.open === "gauge") this.fill("gauge", gauge);
  }

  /** How many yeses last. @param {any[]} grants */
  trust(grants) {
    this.grants.hidden = !grants.length;
    this.grants.textContent = grants.length === 1 ? "1 yes" : `${grants.length} yeses`;
    this.grants.title = "What may run without a question";
    if (this.open !== "grants") return;
    if (grants.length) this.fill("grants", grants);
    else this.shut();
  }

  peek() {
    if (!this.open) this.peeking = setTimeout(() => this.drawer("gauge", this.told?.gauge, true), 180);
  }

  unpeek() {
    clearTimeout(this.peeking);
    if (this.peeked) this.shut();
  }

  /** What a button of the head shows below it, or shows no more. @param {string} name @param {any} value */
  drawer(name, value, peeked = false) {
    clearTimeout(this.peeking);
    if (this.open === name && !peeked) {
      if (this.peeked) this.peeked = false;
      else this.shut(true);
      return;
    }
    this.shut();
    this.open = name;
    this.peeked = peeked;
    this[name].setAttribute("aria-expanded", "true");
    this.fill(name, value);
  }

  /** @param {string} name @param {any} value */
  fill(name, value) {
    this.panel.need(name, (part) => {
      if (this.open !== name) return;
      this.drawn.replaceChildren(part.show(kit, value, (/** @type {object} */ said) => this.panel.send(said)));
      this.drawn.hidden = false;
    }, this.drawn);
  }

  shut(focus = false) {
    if (!this.open) return;
    const opener = this[this.open];
    opener.setAttribute("aria-expanded", "false");
    this.open = "";
    this.peeked = false;
    this.drawn.hidden = true;
    this.drawn.replaceChildren();
    if (focus) opener.focus();
  }

  /** The clocks, drawn by the browser. @param {HTMLElement} flow */
  tick(flow) {
    const header = this.told;
    if (!header || !header.started) return;
    const now = Date.now() / 1000 - this.skew;
    const until = header.ended ?? header.waiting_since ?? now;
    const text = clock(until - header.started - header.waited);
    if (this.clock.textContent !== text) this.clock.textContent = text;
    for (const node of /** @type {any} */ (flow.querySelectorAll("[data-begun]"))) {
      const since = clock(now - Number(node.dataset.begun));
      if (node.textContent !== since) node.textContent = since;
    }
  }

  /** @param {any} plan @param {boolean} [paused] */
  drawPlan(plan, paused = this.paused) {
    this.planned = plan;
    this.plan.hidden = !plan.items.length;
    if (this.editing) return;
    const done = plan.items.filter((/** @type {any} */ item) => item.status === "done").length;
    const open = plan.items.some((/** @type {any} */ item) => item.status === "pending" || item.status === "active");
    const edit = open && this.told?.state !== "ENDED" &&
      h("button.aether-link", { type: "button", test: "plan-edit", onclick: () => this.editPlan() }, "Change");
    this.plan.replaceChildren(
      h("div.aether-plan-head", {}, h("span.aether-label", {}, "Plan"),
        h("span.aether-quiet", {}, `${done} of ${plan.items.length}`),
        plan.revised && h("span.aether-revised", { dir: "auto", test: "revised" },
          plan.revision ? `Revised: ${plan.revision}` : "Revised"), edit),
      h("ol.aether-items", {}, ...plan.items.map((/** @type {any} */ item) => this.item(item, paused))));
  }

  /** @param {any} item @param {boolean} paused */
  item(item, paused) {
    return h("li", { class: `aether-item aether-item-${item.status}`, test: "plan-item", "data-status": item.status,
      "aria-current": item.status === "active" ? "step" : null },
      cell(mark(paused && item.status === "active" ? "waiting" : item.status)),
      h("span.aether-title", { dir: "auto" }, item.title),
      item.tool && h("span.aether-badge", {}, item.tool),
      item.fresh && h("span.aether-badge.aether-fresh", { test: "plan-fresh" }, "new"),
      h("span.aether-spoken", {}, WORDS[item.status] ?? ""));
  }

  /** Let the person change what is still to do. */
  editPlan() {
    this.panel.need("planning", (part) => {
      this.editing = true;
      const over = (/** @type {any[]|null} */ items) => {
        this.editing = false;
        if (items) this.panel.send({ type: "plan", items });
        this.drawPlan(this.planned);
        this.plan.querySelector("button")?.focus();
      };
      this.plan.replaceChildren(part.show(kit, this.planned.items, over));
      this.plan.querySelector("input")?.focus();
    }, this.plan);
  }
}
