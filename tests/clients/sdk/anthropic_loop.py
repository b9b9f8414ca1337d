"""The official Python SDK of Anthropic: a tool loop, streamed and whole, and a token count."""
import os

import anthropic

client = anthropic.Anthropic()
MODEL = os.environ.get("MODEL", "claude-sonnet-4-5")
tools = [{"name": "read_file", "description": "Read a file.", "cache_control": {"type": "ephemeral"},
          "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]}}]


def loop(stream):
    messages = [{"role": "user", "content": "Read notes.txt – naïve ☃ 𝄞 \u0001 and finish."}]
    asked = dict(model=MODEL, max_tokens=512, tools=tools, messages=messages, metadata={"user_id": "someone"})
    while True:
        if stream:
            with client.messages.stream(**asked) as events:
                answer = events.get_final_message()
        else:
            answer = client.messages.create(**asked)
        assert answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 2000, answer.usage
        calls = [b for b in answer.content if b.type == "tool_use"]
        if not calls:
            return print(stream, answer.content[0].text)
        assert calls[0].input["file_path"] == os.environ["NOTES"]
        messages += [{"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in answer.content]},
                     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": calls[0].id,
                                                   "content": open(os.environ["NOTES"]).read()}]}]


loop(False)
loop(True)
try:
    assert client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "x"}]).input_tokens > 0
except anthropic.NotFoundError:  # Ollama has no such question, and its own answer passes
    assert "MODEL" in os.environ
