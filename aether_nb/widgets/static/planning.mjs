// @ts-check
/** Changing the plan while the run goes: what is done stays, the rest is renamed, moved, dropped or added to. */

/**
 * @param {typeof import("./elements.mjs").kit} kit
 * @param {{title: string, tool: string, status: string}[]} items
 * @param {(items: {title: string, tool: string}[] | null) => void} over takes the items still to do, or null for no change
 */
export function show({ button, cell, h, mark }, items, over) {
  const done = items.filter((item) => item.status === "done" || item.status === "skipped");
  const list = h("ol.aether-items", {});
  const row = (/** @type {{title: string, tool: string, status?: string}} */ item) => {
    const title = h("input.aether-field", { type: "text", dir: "auto", maxlength: "300", label: "Step of the plan", test: "plan-title",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && !event.isComposing) save();
        if (event.key === "Escape") over(null);
      } });
    title.value = item.title;
    const move = (/** @type {number} */ by) => {
      const other = by < 0 ? made.previousElementSibling : made.nextElementSibling?.nextElementSibling ?? null;
      if (by < 0 && !other) return;
      list.insertBefore(made, other);
      made.querySelector(by < 0 ? '[data-testid="plan-up"]' : '[data-testid="plan-down"]')?.focus();
    };
    const small = (/** @type {string} */ text, /** @type {string} */ test, /** @type {string} */ label, /** @type {() => void} */ act) =>
      button(text, test, act, "aether-small", { label, title: label });
    const made = h("li.aether-item.aether-plan-row", { test: "plan-row" }, cell(mark(item.status ?? "pending")), title,
      item.tool && h("span.aether-badge", {}, item.tool),
      small("↑", "plan-up", "Move up", () => move(-1)), small("↓", "plan-down", "Move down", () => move(1)),
      small("×", "plan-drop", "Leave out", () => made.remove()));
    made.dataset.tool = item.tool;
    return made;
  };
  const save = () => over([...list.children].map((one) => ({ title: one.querySelector("input").value.trim(), tool: one.dataset.tool }))
    .filter((item) => item.title));
  for (const item of items) if (!done.includes(item)) list.append(row(item));
  return h("div", { "data-lm-suppress-shortcuts": "true", role: "group", label: "Change the plan" },
    h("div.aether-plan-head", {}, h("span.aether-label", {}, "Plan"), h("span.aether-quiet", {}, "what is still to do")),
    h("ol.aether-items", {}, ...done.map((item) => h("li", { class: `aether-item aether-item-${item.status}` },
      cell(mark(item.status)), h("span.aether-title", { dir: "auto" }, item.title)))),
    list,
    h("div.aether-actions", {}, button("Use this plan", "plan-save", save, "aether-primary"),
      button("Add a step", "plan-add", () => {
        list.append(row({ title: "", tool: "" }));
        list.lastElementChild.querySelector("input").focus();
      }), button("Leave it", "plan-leave", () => over(null))));
}
