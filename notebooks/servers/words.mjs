// A tool of your own for aether-nb, in plain Node and without a package: copy it to .aether/mcp/words.mjs, then type
//   %aether mcp enable words
// It is a server of the Model Context Protocol: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";

const count = {
  name: "count",
  description: "Count the words of a text, and how often each of them stands there.",
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  annotations: { readOnlyHint: true, openWorldHint: false },
};
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "words", version: "1" } }),
  "tools/list": () => ({ tools: [count] }),
  "tools/call": ({ arguments: { text } }) => {
    const seen = {};
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) seen[word] = (seen[word] ?? 0) + 1;
    return { content: [{ type: "text", text: JSON.stringify(seen) }] };
  },
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const said = answers[method] ? { result: answers[method](params ?? {}) } : { error: { code: -32601, message: "unknown" } };
  console.log(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
});
