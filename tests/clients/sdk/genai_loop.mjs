// The official Node SDK of Gemini: a tool loop, streamed and whole, and a token count.
import { readFileSync } from "node:fs";
import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY, httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
const model = process.env.MODEL ?? "gemini-2.5-flash";
const parametersJsonSchema = { type: "object", properties: { file_path: { type: "string" } } };
const config = { tools: [{ functionDeclarations: [{ name: "read_file", description: "Read.", parametersJsonSchema }] }] };

async function loop(stream) {
  const contents = [{ role: "user", parts: [{ text: "Read notes.txt – naïve ☃ 𝄞 and finish." }] }];
  for (;;) {
    let parts = [], usage;
    if (stream) {
      for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
        usage = chunk.usageMetadata ?? usage;
        parts.push(...(chunk.candidates[0].content.parts ?? []));
      }
    } else {
      const answer = await client.models.generateContent({ model, contents, config });
      parts = answer.candidates[0].content.parts;
      usage = answer.usageMetadata;
    }
    if (!(usage.promptTokenCount > 2000)) throw new Error("usage is missing");
    const call = parts.find((p) => p.functionCall);
    if (!call) return console.log(stream, parts.map((p) => p.text ?? "").join(""));
    contents.push({ role: "model", parts: [call] });
    contents.push({ role: "user", parts: [{ functionResponse: { name: "read_file", response: { result: readFileSync(process.env.NOTES, "utf8") } } }] });
  }
}

await loop(false);
await loop(true);
await client.models.countTokens({ model, contents: "x" });
