"""The official Python SDK of Gemini: a tool loop, streamed and whole, and a token count."""
import os

from google import genai
from google.genai import types

client = genai.Client()
schema = {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]}
config = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="read_file", description="Read.", parameters_json_schema=schema)])],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
MODEL = os.environ.get("MODEL", "gemini-2.5-flash")


def loop(stream):
    contents = [types.Content(role="user", parts=[types.Part(text="Read notes.txt – naïve ☃ 𝄞 and finish.")])]
    while True:
        if stream:
            parts, usage = [], None
            for chunk in client.models.generate_content_stream(model=MODEL, contents=contents, config=config):
                usage = chunk.usage_metadata or usage
                parts += chunk.candidates[0].content.parts or []
        else:
            answer = client.models.generate_content(model=MODEL, contents=contents, config=config)
            parts, usage = answer.candidates[0].content.parts, answer.usage_metadata
        assert usage.prompt_token_count > 2000
        calls = [p for p in parts if p.function_call]
        if not calls:
            return print(stream, "".join(p.text or "" for p in parts))
        result = types.Part.from_function_response(name="read_file", response={"result": open(os.environ["NOTES"]).read()})
        contents += [types.Content(role="model", parts=calls), types.Content(role="user", parts=[result])]


loop(False)
loop(True)
assert client.models.count_tokens(model=MODEL, contents="x").total_tokens > 0
