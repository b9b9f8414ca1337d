// The official Node SDK of OpenAI: a tool loop in Chat and in Responses, streamed and whole, and embeddings.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const client = new OpenAI();
const named = process.env.MODEL;
const parameters = { type: "object", properties: { file_path: { type: "string" } }, required: ["file_path"] };
const read = () => readFileSync(process.env.NOTES, "utf8");

async function chat(stream) {
  const messages = [{ role: "user", content: "Read notes.txt – naïve ☃ 𝄞 and finish." }];
  const asked = { model: named ?? "gpt-4o", messages, tools: [{ type: "function", function: { name: "read_file", parameters } }] };
  for (;;) {
    const answer = stream ? await client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
      : await client.chat.completions.create(asked);
    if (!(answer.usage.prompt_tokens > 2000)) throw new Error("usage is missing");
    const message = answer.choices[0].message;
    if (!message.tool_calls?.length) return console.log("chat", stream, message.content);
    messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: read() });
  }
}

async function responses(stream) {
  const input = [{ role: "user", content: "Read notes.txt and finish." }];
  const asked = { model: named ?? "gpt-6.1-sol", input, store: false, tools: [{ type: "function", name: "read_file", parameters, strict: false }] };
  for (;;) {
    const answer = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
    if (!(answer.usage.input_tokens > 2000)) throw new Error("usage is missing");
    const call = answer.output.find((i) => i.type === "function_call");
    if (!call) return console.log("responses", stream, answer.output_text);
    input.push({ type: "function_call", call_id: call.call_id, name: call.name, arguments: call.arguments });
    input.push({ type: "function_call_output", call_id: call.call_id, output: read() });
  }
}

for (const stream of [false, true]) {
  await chat(stream);
  await responses(stream);
}
// Words become numbers in OpenAI's dialect alone.
if (!named) await client.embeddings.create({ model: "text-embedding-3-small", input: "x", encoding_format: "float" });
