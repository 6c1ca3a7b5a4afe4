// A tool of your own for aether-nb, in TypeScript and without a package. Node 22.18 and later run it as it is: copy it to
// .aether/mcp/words.ts, then type
//   %aether mcp enable words
// For an older Node put it beside your notebook, and say how it is run:
//   %aether mcp add words 'npx -y tsx words.ts'
// It is a server of the Model Context Protocol: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";

type Params = { protocolVersion: string; arguments: { text: string } };
type Message = { id?: number | string; method: string; params: Params };
const count = {
  name: "count",
  description: "Count the words of a text, and how often each of them stands there.",
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  annotations: { readOnlyHint: true, openWorldHint: false },
};
function counted(text: string): Record<string, number> {
  const seen = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) seen.set(word, (seen.get(word) ?? 0) + 1);
  return Object.fromEntries(seen);
}
const answers: Record<string, (params: Params) => object> = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "words", version: "1" } }),
  "tools/list": () => ({ tools: [count] }),
  "tools/call": (params) => ({ content: [{ type: "text", text: JSON.stringify(counted(params.arguments.text)) }] }),
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params }: Message = JSON.parse(line);
  if (id === undefined) return;
  const said = answers[method] ? { result: answers[method](params) } : { error: { code: -32601, message: "unknown" } };
  console.log(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
});
