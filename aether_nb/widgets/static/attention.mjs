// @ts-check
/**
 * Whether anybody has to be told: that a run waits for a person, or that the kernel does not answer.
 *
 * @typedef {import("./panel.mjs").Panel} Panel
 */

const SIGN = "● ";
/** So long, in milliseconds, nothing is said before it is asked whether somebody is there; and so long for the answer. */
const SILENCE = 15_000;

export class Attention {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.last = Date.now();
    this.probed = 0;
    this.waiting = false;
  }

  /** Whatever came: somebody is there. */
  heard() {
    this.last = Date.now();
    this.probed = 0;
    this.show("");
  }

  /** Ask whether somebody is there, and be told so in words when no answer comes. */
  probe(patience = SILENCE) {
    if (this.probed) return;
    this.probed = Date.now() + patience;
    this.panel.send({ type: "ping" });
  }

  tick() {
    const now = Date.now();
    if (this.panel.ended) return;
    if (this.waiting) this.look();  // the page writes its title anew now and then
    if (this.probed && now > this.probed) {
      const { run } = this.panel.head.told ?? {};
      this.show("The kernel does not answer. This goes on by itself when it does; if it was restarted: " +
        (run ? `%aether resume ${run}` : "run the cell again. If the run is over: %aether show last"));
    } else if (!this.probed && now - this.last > SILENCE && document.visibilityState !== "hidden") this.probe();
    if (globalThis.navigator?.onLine === false) this.show("This page is offline. The run goes on in the kernel.");
  }

  /** @param {string} text */
  show(text) {
    const { lost } = this.panel;
    if (lost.textContent === text) return;
    lost.textContent = text;
    lost.hidden = !text;
  }

  /** Mark the tab while the run waits for a person; notify one who looks elsewhere and has allowed it. */
  look() {
    const { told } = this.panel.head;
    const waits = told?.state === "PAUSED" && !told.paused && this.panel.root.isConnected;
    if (waits && !document.title.startsWith(SIGN)) document.title = SIGN + document.title;
    if (waits === this.waiting) return;
    this.waiting = waits;
    if (!waits) this.unmark();
    else if (document.visibilityState === "hidden" && globalThis.Notification?.permission === "granted")
      new Notification("aether waits for you", { body: this.asked(), tag: this.panel.page });
  }

  /** What a person is asked, in a line. */
  asked() {
    const asks = [...this.panel.blocks.values()].filter((block) => block.gate || block.doubt || block.open).at(-1);
    return asks?.gate ? `${asks.name}: ${asks.gate.effect_text}` : asks?.doubt?.what ?? asks?.text ?? "";
  }

  unmark() {
    const others = [...document.querySelectorAll('.aether[data-state="PAUSED"]')].some((node) => node !== this.panel.root);
    if (!others && document.title.startsWith(SIGN)) document.title = document.title.slice(SIGN.length);
  }

  /** Hear of what happens to the page and to its connection. @returns {() => void} hears no more */
  listen() {
    const { model } = this.panel;
    const again = () => {
      if (this.panel.ended || document.visibilityState === "hidden") return;
      this.panel.hello();
      this.probe(5_000);
    };
    model.on("comm_live_update", again);
    for (const name of ["online", "offline"]) window.addEventListener(name, again);
    document.addEventListener("visibilitychange", again);
    this.probed = Date.now() + 10_000;  // by the hello: a page that was loaded anew may say it to one who has ended
    return () => {
      model.off("comm_live_update", again);
      for (const name of ["online", "offline"]) window.removeEventListener(name, again);
      document.removeEventListener("visibilitychange", again);
    };
  }

  close() {
    if (this.waiting) this.unmark();
  }
}
