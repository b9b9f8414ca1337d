"""A provider on this machine that answers by script, in Anthropic's and OpenAI's dialects.

What it should do is in the model's name or set by the scenario: it can answer at once, take its
time over a stream, or refuse.
"""

import http.server
import json
import threading
import time


def key_of(headers):
    """The key a request came with, in either vendor's header."""
    return headers.get("x-api-key") or (headers.get("authorization") or "").removeprefix("Bearer ") or None


class Listening:
    """Listens on a free port until the program ends."""

    def listen(self, handler):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class Provider(Listening):
    """Answers for money."""

    def __init__(self):
        self.hold = threading.Event()
        self.usage = {"input_tokens": 1200, "output_tokens": 340}
        self.requests = 0
        self.seconds = 0
        self.keys = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                provider.keys.append(key_of(self.headers))
                provider.write(self, 200, {"data": []})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                provider.keys.append(key_of(self.headers))
                provider.requests += 1
                provider.answer(self, body)

            def log_message(self, *_):
                pass

        self.listen(Handler)

    def answer(self, to, body):
        model = body["model"]
        time.sleep(self.seconds)
        if body.get("metadata", {}).get("user_id") == "refuse":
            return self.write(to, 429, {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}})
        if body.get("stream"):
            return self.stream(to, model)
        if to.path.endswith("/chat/completions"):
            usage = {
                "prompt_tokens": self.usage["input_tokens"],
                "completion_tokens": self.usage["output_tokens"],
                "total_tokens": self.usage["input_tokens"] + self.usage["output_tokens"],
            }
            choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
            return self.write(
                to, 200, {"id": "c1", "object": "chat.completion", "created": int(time.time()), "model": model, "choices": [choice], "usage": usage}
            )
        return self.write(
            to,
            200,
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": "Yes."}],
                "stop_reason": "end_turn",
                "usage": self.usage,
            },
        )

    def stream(self, to, model):
        """Begins, and ends only when `hold` is set."""
        to.send_response(200)
        to.send_header("content-type", "text/event-stream")
        to.send_header("transfer-encoding", "chunked")
        to.end_headers()

        def send(kind, **fields):
            piece = f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
            to.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            to.wfile.flush()

        message = {"id": "msg_2", "type": "message", "role": "assistant", "model": model, "content": []}
        send("message_start", message={**message, "usage": {**self.usage, "output_tokens": 1}})
        send("content_block_start", index=0, content_block={"type": "text", "text": ""})
        send("content_block_delta", index=0, delta={"type": "text_delta", "text": "Yes."})
        self.hold.wait(60)
        send("content_block_stop", index=0)
        send("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": self.usage["output_tokens"]})
        send("message_stop")
        to.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def write(to, code, answer):
        data = json.dumps(answer).encode()
        to.send_response(code)
        to.send_header("content-type", "application/json")
        to.send_header("content-length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)


class Ollama(Listening):
    """A local server with two models, one of them in memory."""

    SIZES = {"qwen2.5-coder:7b": 5_137_025_024, "llama3.2:3b": 2_019_393_189}

    def __init__(self):
        self.loaded = {"qwen2.5-coder:7b"}
        self.asked = []
        self.usage = {"prompt_eval_count": 12, "eval_count": 2}
        self.seconds = 0
        ollama = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                ollama.answer(self, None)

            def do_POST(self):
                ollama.answer(self, json.loads(self.rfile.read(int(self.headers["content-length"]))))

            def log_message(self, *_):
                pass

        self.listen(Handler)

    def answer(self, to, body):
        def models(names, **more):
            return {"models": [{"name": n, "model": n, "size": self.SIZES[n], "digest": n, **more} for n in sorted(names)]}

        path = to.path
        if path == "/":
            return self.write(to, b"Ollama is running", "text/plain")
        answers = {
            "/api/version": lambda: {"version": "0.33.0"},
            "/api/tags": lambda: models(self.SIZES),
            "/api/ps": lambda: models(self.loaded, context_length=32_768),
            "/api/show": lambda: {"capabilities": ["completion", "tools"], "model_info": {"llama.context_length": 131_072}},
            "/api/generate": lambda: self.generate(body),
            "/api/chat": lambda: self.chat(body),
        }
        if path not in answers:
            to.send_error(404)
            return None
        return self.write(to, json.dumps(answers[path]()).encode(), "application/json")

    def chat(self, body):
        self.asked.append(body)
        time.sleep(self.seconds)
        return {
            "model": body["model"], "created_at": "2026-11-24T00:00:00Z", "done": True, "done_reason": "stop",
            "message": {"role": "assistant", "content": "Yes."}, **self.usage,
        }

    def generate(self, body):
        """Without a prompt it only loads, and with no time to keep it lets go."""
        if body.get("keep_alive") == 0:
            self.loaded.discard(body["model"])
        else:
            self.loaded.add(body["model"])
        return {"model": body["model"], "created_at": "2026-11-24T00:00:00Z", "response": "", "done": True}

    @staticmethod
    def write(to, payload, kind):
        to.send_response(200)
        to.send_header("content-type", kind)
        to.send_header("content-length", str(len(payload)))
        to.end_headers()
        to.wfile.write(payload)
