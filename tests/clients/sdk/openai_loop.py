"""The official Python SDK of OpenAI: a tool loop in Chat and in Responses, streamed and whole, and embeddings."""
import os

from openai import OpenAI

client = OpenAI()
CHAT = os.environ.get("MODEL", "gpt-4o")
RESPONSES = os.environ.get("MODEL", "gpt-6.1-sol")
schema = {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]}


def read():
    return open(os.environ["NOTES"]).read()


def chat(stream, counted=True):
    messages = [{"role": "user", "content": "Read notes.txt – naïve ☃ 𝄞 and finish."}]
    tools = [{"type": "function", "function": {"name": "read_file", "parameters": schema}}]
    while True:
        if stream:
            extra = {"stream_options": {"include_usage": True}} if counted else {}
            text, call, usage = "", None, None
            for chunk in client.chat.completions.create(model=CHAT, messages=messages, tools=tools, stream=True, **extra):
                usage = chunk.usage or usage
                assert chunk.choices or counted, "a usage chunk nobody asked for"
                for delta in [c.delta for c in chunk.choices]:
                    text += delta.content or ""
                    for part in delta.tool_calls or []:
                        call = call or {"id": part.id, "type": "function", "function": {"name": part.function.name, "arguments": ""}}
                        call["function"]["arguments"] += part.function.arguments or ""
            assert bool(usage) == counted
        else:
            answer = client.chat.completions.create(model=CHAT, messages=messages, tools=tools)
            assert answer.usage.prompt_tokens > 2000
            message = answer.choices[0].message
            text, call = message.content, message.tool_calls[0].model_dump() if message.tool_calls else None
        if not call:
            return print("chat", stream, text)
        messages += [{"role": "assistant", "content": None, "tool_calls": [call]},
                     {"role": "tool", "tool_call_id": call["id"], "content": read()}]


def responses(stream):
    items = [{"role": "user", "content": "Read notes.txt and finish."}]
    tools = [{"type": "function", "name": "read_file", "parameters": schema, "strict": False}]
    while True:
        if stream:
            with client.responses.stream(model=RESPONSES, input=items, tools=tools, store=False) as events:
                answer = events.until_done().get_final_response()
        else:
            answer = client.responses.create(model=RESPONSES, input=items, tools=tools, store=False)
        assert answer.usage.input_tokens > 2000
        calls = [i for i in answer.output if i.type == "function_call"]
        if not calls:
            return print("responses", stream, answer.output_text)
        items += [{"type": "function_call", "call_id": calls[0].call_id, "name": calls[0].name, "arguments": calls[0].arguments},
                  {"type": "function_call_output", "call_id": calls[0].call_id, "output": read()}]


chat(False)
chat(True)
chat(True, counted=False)
responses(False)
if os.environ.get("RESPONSES") != "whole":  # a server whose streamed ones are not OpenAI's
    responses(True)
if "MODEL" not in os.environ:  # words become numbers in OpenAI's dialect alone
    assert client.embeddings.create(model="text-embedding-3-small", input="x", encoding_format="float").data[0].embedding
