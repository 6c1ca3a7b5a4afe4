// @ts-check
/** Editing the arguments of a call before it is approved. Asked for when somebody presses Edit. */

/**
 * Fields for the arguments of a call: text as text, the rest as JSON.
 * @param {typeof import("./elements.mjs").kit} kit @param {HTMLElement} editor @param {Record<string, any>} values
 * @returns {() => Record<string, any> | null} reads them; null when one cannot be read
 */
export function open({ h }, editor, values) {
  const fields = Object.entries(values).map(([name, value]) => {
    const isText = typeof value === "string";
    const text = isText ? value : JSON.stringify(value);
    const field = isText && (text.includes("\n") || text.length > 60 || name === "code")
      ? h("textarea.aether-field.aether-mono", { rows: Math.min(16, text.split("\n").length + 1), spellcheck: "false" })
      : h("input.aether-field.aether-mono", { type: "text", spellcheck: "false" });
    field.value = text;
    field.setSelectionRange(0, 0);
    field.dataset.testid = `edit-${name}`;
    editor.append(h("label.aether-edit", {}, h("span.aether-label", {}, name), field));
    return { name, isText, field };
  });
  editor.hidden = false;
  return () => {
    /** @type {Record<string, any>} */ const read = {};
    for (const { name, isText, field } of fields) {
      field.setCustomValidity("");
      try {
        read[name] = isText ? field.value : JSON.parse(field.value);
      } catch {
        field.setCustomValidity("This is not valid JSON.");
        field.reportValidity();
        return null;
      }
    }
    return read;
  };
}
