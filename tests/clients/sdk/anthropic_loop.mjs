// The official Node SDK of Anthropic: a tool loop, streamed and whole, and a token count.
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const model = process.env.MODEL ?? "claude-sonnet-4-5";
const tools = [{ name: "read_file", description: "Read a file.", input_schema: { type: "object", properties: { file_path: { type: "string" } } } }];

async function loop(stream) {
  const messages = [{ role: "user", content: "Read notes.txt – naïve ☃ 𝄞 and finish." }];
  for (;;) {
    const asked = { model, max_tokens: 512, tools, messages };
    const answer = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    if (!(answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 2000)) throw new Error("usage is missing");
    const call = answer.content.find((b) => b.type === "tool_use");
    if (!call) return console.log(stream, answer.content[0].text);
    messages.push({ role: "assistant", content: answer.content });
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: readFileSync(process.env.NOTES, "utf8") }] });
  }
}

await loop(false);
await loop(true);
// Ollama has no such question, and its own answer passes.
await client.messages.countTokens({ model, messages: [{ role: "user", content: "x" }] }).catch((problem) => {
  if (!process.env.MODEL || problem.status !== 404) throw problem;
});
