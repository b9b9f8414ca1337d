"""A scripted provider that speaks every dialect and keeps the truth.

Owns the listening socket, the record of every request as it arrived, and the usage it charged.
Standard library only; what each dialect says is in `dialects.py`.
"""
import itertools
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dialects

BODY_BYTES_MAX = 64 * 1024 * 1024


@dataclass
class Heard:
    """One request, exactly as it came in."""
    method: str
    target: str
    headers: list
    body: bytes

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name), None)


@dataclass
class Provider:
    """The server and what it knows. `refusal` replaces every metered answer when set."""
    file: str
    secret: str
    refusal: tuple = None  # (status, headers, body for each dialect)
    only: str = None  # the one path it knows, as an old server does
    reads: dict = None  # the client's tools, where they are not those of dialects.py
    heard: list = field(default_factory=list)
    truth: list = field(default_factory=list)
    ids: object = field(default_factory=lambda: itertools.count(1))  # the same ids in every run
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self):
        provider = self

        class Handler(_Handler):
            owner = provider

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def charge(self, endpoint, model):
        """A usage no other answer has, so that a swapped or doubled row shows."""
        with self.lock:
            n = len(self.truth) + 1
            usage = {"input": 900 + n, "cache_read": 2000 + 10 * n, "cache_write_5m": 300 + n,
                     "cache_write_1h": 0, "output": 50 + n, "reasoning": 5}
            if endpoint in ("messages", "responses"):
                usage["cache_write_1h"] = 40 + n
            if endpoint in ("generate", "generate_stream"):
                usage["cache_write_5m"] = 0  # Gemini reports no cache writes
            if endpoint == "ollama_chat":  # Ollama reports two figures
                usage.update(input=2900 + n, cache_read=0, cache_write_5m=0, reasoning=0)
            self.truth.append({"endpoint": endpoint, "model": model, "usage": usage})
            return usage


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner = None

    def log_message(self, *_):
        pass

    def _body(self):
        if "chunked" in (self.headers.get("transfer-encoding") or "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(min(int(self.headers.get("content-length") or 0), BODY_BYTES_MAX))

    def _any(self):
        heard = Heard(self.command, self.path, list(self.headers.items()), self._body())
        with self.owner.lock:
            self.owner.heard.append(heard)
        if (self.headers.get("upgrade") or "").lower() == "websocket":
            return self._whole(426, {"error": {"message": "no websockets here", "type": "invalid_request_error"}})
        if heard.method != "POST":
            return self._whole(*dialects.listing(heard.path))
        known = self.owner.only in (None, heard.path)
        answer = dialects.answer(self.owner, heard) if known else None
        if answer is None:
            return self._whole(404, {"error": {"message": f"no {heard.path} here", "type": "not_found_error"}})
        if self.owner.refusal and answer.endpoint:
            return self._refuse(answer.endpoint)
        if answer.events is None:
            return self._whole(200, answer.document)
        self._stream(answer)

    def _refuse(self, endpoint):
        status, headers, bodies = self.owner.refusal
        self._whole(status, bodies[dialects.family(endpoint)], headers)

    def _whole(self, status, document, headers=()):
        data = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, answer):
        self.send_response(200)
        self.send_header("content-type", answer.mime)
        self.send_header("transfer-encoding", "chunked")
        self.send_header("x-provider-note", "kept")
        self.end_headers()
        for event in answer.events:
            data = event.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = _any
