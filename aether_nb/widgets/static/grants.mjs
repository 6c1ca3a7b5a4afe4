// @ts-check
/** The yeses that last, each with a way to take it back. Asked for when somebody wants to see them. */

/**
 * @param {typeof import("./elements.mjs").kit} kit
 * @param {{id: string, tool: string, covers: string, lasts: string, risk: string}[]} grants
 * @param {(content: object) => void} send
 */
export function show({ button, h }, grants, send) {
  return h("ul.aether-grants", { label: "What may run without a question", test: "grant-list" }, ...grants.map((grant) => {
    const revoke = button("Revoke", "revoke", () => {
      if (revoke.getAttribute("aria-disabled")) return;
      send({ type: "revoke", id: grant.id });
      revoke.setAttribute("aria-disabled", "true");  // it keeps the focus
      revoke.textContent = "Revoking…";
    }, "aether-stop", { label: `Revoke: ${grant.tool}, ${grant.covers}` });
    return h("li", { test: "grant" },
      h("span.aether-name", {}, grant.tool),
      h("span.aether-grant-covers", { dir: "auto", title: grant.covers }, grant.covers),
      h("span.aether-quiet", {}, `${grant.lasts} · up to ${grant.risk} risk`), revoke);
  }));
}
