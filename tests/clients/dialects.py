"""What the scripted provider says in each dialect: first a tool call, then the final words.
Also what Ollama says, which no client speaks but Weir does.

Owns the answers' wire shapes, streaming and whole. Knows nothing of sockets or clients.
"""
import gzip
import json
import re
from dataclasses import dataclass

# The tools real clients offer for reading a file, and the arguments each takes.
TOOLS = {
    "Read": lambda f: {"file_path": f},
    "read": lambda f: {"filePath": f},
    "read_file": lambda f: {"file_path": f},
    "exec_command": lambda f: {"cmd": f"cat {f}"},
    "shell": lambda f: {"command": ["cat", f]},
    "shell_command": lambda f: {"command": f"cat {f}"},
    # Codex runs a script that calls its tools; the one tool that is not called with JSON.
    "exec": lambda f: f'text((await tools.exec_command({{cmd: "cat {f}"}})).output)',
    "run_shell_command": lambda f: {"command": f"cat {f}", "description": "read"},
}
# How a tool's result looks in each dialect's history.
RESULTS = ('"tool_name": ', '"type": "tool_result"', '"role": "tool"', '"type": "function_call_output"', '"type": "custom_tool_call_output"', '"functionResponse": ')
GEMINI = re.compile(r"^/v1(?:beta)?/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)$")


@dataclass
class Answer:
    """`endpoint` is None for what costs nothing; exactly one of the other two is set."""
    endpoint: str
    document: dict = None
    events: list = None
    mime: str = "text/event-stream"


def family(endpoint):
    return {"messages": "anthropic", "chat": "openai", "responses": "openai", "embeddings": "openai"}.get(endpoint, "gemini")


def listing(path):
    if path == "/v1/models":
        return 200, {"object": "list", "data": [{"id": "gpt-5", "object": "model"}], "models": []}
    return (200, None) if path in ("/", "/api/hello") else (404, {"error": {"message": "not found"}})


def answer(provider, heard):
    raw = gzip.decompress(heard.body) if heard.header("content-encoding") == "gzip" else heard.body
    body = json.loads(raw or b"{}")
    path = heard.path
    if path == "/v1/messages":
        return _messages(provider, body)
    if path == "/v1/messages/count_tokens":
        return Answer(None, {"input_tokens": 42})
    if path == "/v1/chat/completions":
        return _chat(provider, body)
    if path == "/v1/responses":
        return _responses(provider, body)
    if path == "/v1/embeddings":
        return _embeddings(provider, body)
    if path == "/api/chat":
        return _ollama(provider, body)
    if found := GEMINI.match(path):
        return _gemini(provider, body, *found.groups())
    return None


def _turn(provider, raw, names):
    """(tool, arguments) for a tool call, or (None, words) to finish."""
    history = json.dumps(raw)
    # A tool of a namespace comes to a stranger as namespace__tool.
    known = {n.rsplit("__", 1)[-1]: n for n in names if n}
    tools = provider.reads or TOOLS
    tool = next((t for t in tools if t in known), None)
    if tool and provider.secret not in history:
        if any(mark in history for mark in RESULTS):
            return None, "FAILED: the tool's result did not hold the file's secret."
        return known[tool], tools[tool](provider.file)
    if "SEARCH/REPLACE" in history:  # aider edits by text, without tools
        return None, f"notes.txt\n```\n<<<<<<< SEARCH\n{provider.secret}\n=======\n{provider.secret} edited\n>>>>>>> REPLACE\n```\n\nFINISHED"
    return None, f"FINISHED with the file read: {provider.secret if provider.secret in history else 'no file'}."


def _wrapped(tool, said):
    """Where a tool of free text is known as a function with one text."""
    return {"input": said} if tool and isinstance(said, str) else said


def _sse(data, name=None):
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def _messages(provider, body):
    u = provider.charge("messages", body["model"])
    tool, said = _turn(provider, body["messages"], [t.get("name") for t in body.get("tools", [])])
    said = _wrapped(tool, said)
    usage = {"input_tokens": u["input"], "cache_read_input_tokens": u["cache_read"],
             "cache_creation_input_tokens": u["cache_write_5m"] + u["cache_write_1h"],
             "cache_creation": {"ephemeral_5m_input_tokens": u["cache_write_5m"], "ephemeral_1h_input_tokens": u["cache_write_1h"]},
             "output_tokens": u["output"], "output_tokens_details": {"thinking_tokens": u["reasoning"]}}
    block = ({"type": "tool_use", "id": f"toolu_{next(provider.ids):04}", "name": tool, "input": said} if tool else {"type": "text", "text": said})
    stop = "tool_use" if tool else "end_turn"
    message = {"id": f"msg_{next(provider.ids):04}", "type": "message", "role": "assistant", "model": body["model"],
               "content": [block], "stop_reason": stop, "stop_sequence": None, "usage": usage}
    if not body.get("stream"):
        return Answer("messages", message)
    first = dict(message, content=[], stop_reason=None, usage=dict(usage, output_tokens=1))
    first["usage"].pop("output_tokens_details")
    if tool:
        empty, text = dict(block, input={}), json.dumps(said)
        deltas = [{"type": "input_json_delta", "partial_json": text[:7]}, {"type": "input_json_delta", "partial_json": text[7:]}]
    else:
        empty = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": said[:9]}, {"type": "text_delta", "text": said[9:]}]
    events = [_sse({"type": "message_start", "message": first}, "message_start"),
              _sse({"type": "content_block_start", "index": 0, "content_block": empty}, "content_block_start"),
              "event: ping\ndata: {\"type\": \"ping\"}\n\n", ": keep-alive comment\n\n"]
    events += [_sse({"type": "content_block_delta", "index": 0, "delta": d}, "content_block_delta") for d in deltas]
    events += [_sse({"type": "content_block_stop", "index": 0}, "content_block_stop"),
               _sse({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}, "message_delta"),
               _sse({"type": "message_stop"}, "message_stop")]
    return Answer("messages", events=events)


def _chat(provider, body):
    u = provider.charge("chat", body["model"])
    names = [t["function"]["name"] for t in body.get("tools", []) if "function" in t]
    tool, said = _turn(provider, body["messages"], names)
    said = _wrapped(tool, said)
    usage = {"prompt_tokens": u["input"] + u["cache_read"] + u["cache_write_5m"], "completion_tokens": u["output"],
             "total_tokens": u["input"] + u["cache_read"] + u["cache_write_5m"] + u["output"],
             "prompt_tokens_details": {"cached_tokens": u["cache_read"], "cache_write_tokens": u["cache_write_5m"]},
             "completion_tokens_details": {"reasoning_tokens": u["reasoning"]}}
    call = [{"id": f"call_{next(provider.ids):04}", "type": "function", "function": {"name": tool, "arguments": json.dumps(said)}}]
    stop = "tool_calls" if tool else "stop"
    head = {"id": f"chatcmpl-{next(provider.ids):04}", "created": 1790000000, "model": body["model"]}
    if not body.get("stream"):
        message = {"role": "assistant", "content": None if tool else said, **({"tool_calls": call} if tool else {})}
        return Answer("chat", dict(head, object="chat.completion", usage=usage,
                                   choices=[{"index": 0, "message": message, "finish_reason": stop}]))

    def chunk(delta, reason=None):
        return _sse(dict(head, object="chat.completion.chunk", choices=[{"index": 0, "delta": delta, "finish_reason": reason}]))

    events = [chunk({"role": "assistant", "content": None if tool else ""})]
    if tool:
        text = json.dumps(said)
        events.append(chunk({"tool_calls": [{"index": 0, "id": call[0]["id"], "type": "function", "function": {"name": tool, "arguments": ""}}]}))
        events += [chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}) for part in (text[:7], text[7:])]
    else:
        events += [chunk({"content": part}) for part in (said[:9], said[9:])]
    events.append(chunk({}, stop))
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(_sse(dict(head, object="chat.completion.chunk", choices=[], usage=usage)))
    return Answer("chat", events=events + ["data: [DONE]\n\n"])


def _responses(provider, body):
    u = provider.charge("responses", body["model"])
    offered = list(body.get("tools") or [])
    for item in body["input"] if isinstance(body["input"], list) else []:
        offered += item.get("tools", []) if item.get("type") == "additional_tools" else []
    for space in [t for t in offered if t.get("type") == "namespace"]:
        offered += space["tools"]
    tool, said = _turn(provider, body["input"], [t.get("name") for t in offered])
    writes = u["cache_write_5m"] + u["cache_write_1h"]
    usage = {"input_tokens": u["input"] + u["cache_read"] + writes, "output_tokens": u["output"],
             "total_tokens": u["input"] + u["cache_read"] + writes + u["output"],
             "input_tokens_details": {"cached_tokens": u["cache_read"], "cache_write_tokens": writes, "cache_write_tokens_details": {
                 "ttl_30m_tokens": u["cache_write_5m"], "ttl_12h_tokens": u["cache_write_1h"]}},
             "output_tokens_details": {"reasoning_tokens": u["reasoning"]}}
    n = next(provider.ids)
    if tool == "exec":
        item = {"type": "custom_tool_call", "id": f"ctc_{n}", "call_id": f"call_{n}", "name": tool, "namespace": "functions", "input": said, "status": "completed"}
    elif tool:
        item = {"type": "function_call", "id": f"fc_{n}", "call_id": f"call_{n}", "name": tool, "arguments": json.dumps(said), "status": "completed"}
    else:
        item = {"type": "message", "id": f"msg_{n}", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": said, "annotations": []}]}
    done = {"id": f"resp_{n}", "object": "response", "created_at": 1790000000, "status": "completed", "model": body["model"],
            "output": [item], "usage": usage, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    if not body.get("stream"):
        return Answer("responses", done)
    begun = dict(done, status="in_progress", output=[], usage=None)
    steps = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    if tool == "exec":
        steps += [{"type": "response.output_item.added", "output_index": 0, "item": dict(item, input="", status="in_progress")},
                  {"type": "response.custom_tool_call_input.delta", "item_id": item["id"], "output_index": 0, "delta": said},
                  {"type": "response.custom_tool_call_input.done", "item_id": item["id"], "output_index": 0, "input": said}]
    elif tool:
        steps += [{"type": "response.output_item.added", "output_index": 0, "item": dict(item, arguments="", status="in_progress")},
                  {"type": "response.function_call_arguments.delta", "item_id": item["id"], "output_index": 0, "delta": item["arguments"]},
                  {"type": "response.function_call_arguments.done", "item_id": item["id"], "output_index": 0, "arguments": item["arguments"], "name": tool}]
    else:
        part, at = item["content"][0], {"item_id": item["id"], "output_index": 0, "content_index": 0}
        steps += [{"type": "response.output_item.added", "output_index": 0, "item": dict(item, content=[], status="in_progress")},
                  {"type": "response.content_part.added", **at, "part": dict(part, text="")},
                  {"type": "response.output_text.delta", **at, "delta": said[:9], "logprobs": []},
                  {"type": "response.output_text.delta", **at, "delta": said[9:], "logprobs": []},
                  {"type": "response.output_text.done", **at, "text": said, "logprobs": []},
                  {"type": "response.content_part.done", **at, "part": part}]
    steps += [{"type": "response.output_item.done", "output_index": 0, "item": item}, {"type": "response.completed", "response": done}]
    return Answer("responses", events=[_sse(dict(s, sequence_number=i), s["type"]) for i, s in enumerate(steps)])


def _embeddings(provider, body):
    u = provider.charge("embeddings", body["model"])
    for kind in ("cache_read", "cache_write_5m", "output", "reasoning"):
        u[kind] = 0
    return Answer("embeddings", {"object": "list", "model": body["model"], "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
                                 "usage": {"prompt_tokens": u["input"], "total_tokens": u["input"]}})


def _gemini(provider, body, model, verb):
    if verb == "countTokens":
        return Answer(None, {"totalTokens": 42})
    stream = verb == "streamGenerateContent"
    u = provider.charge("generate_stream" if stream else "generate", model)
    names = [d["name"] for t in body.get("tools") or [] for d in t.get("functionDeclarations") or []]
    tool, said = _turn(provider, body["contents"], names)
    said = _wrapped(tool, said)
    prompt, shown = u["input"] + u["cache_read"], u["output"] - u["reasoning"]
    usage = {"promptTokenCount": prompt, "cachedContentTokenCount": u["cache_read"], "candidatesTokenCount": shown,
             "thoughtsTokenCount": u["reasoning"], "totalTokenCount": prompt + u["output"]}
    wanted = (body.get("generationConfig") or {}).get("responseMimeType") == "application/json"
    if tool:
        parts = [{"functionCall": {"name": tool, "args": said}, "thoughtSignature": "c2lnbmF0dXJl"}]
    else:
        parts = [{"text": json.dumps({"reasoning": "short", "model_choice": "flash", "complexity_score": 10}) if wanted else said}]

    def piece(parts, reason=None, usage=usage):
        one = {"content": {"role": "model", "parts": parts}, "index": 0, **({"finishReason": reason} if reason else {})}
        return {"candidates": [one], "usageMetadata": usage, "modelVersion": model, "responseId": "r1"}

    if not stream:
        return Answer("generate", piece(parts, "STOP"))
    early = dict(usage, candidatesTokenCount=1, totalTokenCount=prompt + 1 + u["reasoning"])
    if tool:
        return Answer("generate_stream", events=[_sse(piece(parts, None, early)), _sse(piece([{"text": ""}], "STOP"))])
    text = parts[0]["text"]
    return Answer("generate_stream", events=[_sse(piece([{"text": text[:9]}], None, early)), _sse(piece([{"text": text[9:]}], "STOP"))])


def _ollama(provider, body):
    u = provider.charge("ollama_chat", body["model"])
    names = [t["function"]["name"] for t in body.get("tools") or []]
    tool, said = _turn(provider, body["messages"], names)
    said = _wrapped(tool, said)
    counts = {"done_reason": "stop", "prompt_eval_count": u["input"], "eval_count": u["output"]}

    def line(message, done=False):
        return {"model": body["model"], "created_at": "2026-11-22T10:00:00.5Z", "message": {"role": "assistant", "content": "", **message},
                "done": done, **(counts if done else {})}

    call = {"tool_calls": [{"function": {"name": tool, "arguments": said}}]}
    if body["stream"] is False:
        return Answer("ollama_chat", line(call if tool else {"content": said}, True))
    lines = [line(call)] if tool else [line({"content": said[:9]}), line({"content": said[9:]})]
    return Answer("ollama_chat", events=[json.dumps(e) + "\n" for e in lines + [line({}, True)]], mime="application/x-ndjson")
