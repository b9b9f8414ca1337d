"""A byte relay that keeps both directions of every connection.

One stands before Weir and one behind it, so that what a client sent and what the provider got can
be laid side by side from one and the same run. The tape holds the bytes as they came; on the way
on, only the port in the Host header becomes the one behind, as Weir answers to its own alone.
Knows TCP and the framing of HTTP/1.1, nothing else.
"""
import re
import socket
import threading
from dataclasses import dataclass, field

from scripted import Heard


@dataclass
class Tape:
    sent: bytearray = field(default_factory=bytearray)
    got: bytearray = field(default_factory=bytearray)


class Relay:
    """`with Relay(port) as relay:` listens on `relay.port` and forwards to `port` unchanged."""

    def __init__(self, target):
        self.target, self.tapes = target, []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        host = re.compile(rb"(\r\nhost: 127\.0\.0\.1:)%d(?=\r\n)" % self.port, re.I)
        self.onward = lambda data: host.sub(rb"\g<1>%d" % self.target, data)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        tape = Tape()
        self.tapes.append(tape)
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=_pump, args=(server, client, tape.got, bytes), daemon=True)
        back.start()
        _pump(client, server, tape.sent, self.onward)
        back.join()
        client.close()
        server.close()

    def exchanges(self):
        """Every (request, status, response headers, response body) in the order of each connection."""
        return [pair for tape in self.tapes for pair in _exchanges(tape)]


def _pump(source, sink, tape, onward):
    try:
        while data := source.recv(65536):
            tape += data
            sink.sendall(onward(data))
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _head(data, at):
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    first, *lines = bytes(data[at:end]).decode("latin-1").split("\r\n")
    return first, [tuple(p.strip() for p in line.split(":", 1)) for line in lines], end + 4


def _body(data, at, headers, bare, to_end):
    """The body's bytes without their framing, and where the next message starts."""
    fields = {k.lower(): v for k, v in headers}
    if bare:
        return b"", at
    if "chunked" in fields.get("transfer-encoding", ""):
        parts = []
        while (line := data.find(b"\r\n", at)) >= 0:
            size = int(bytes(data[at:line]).split(b";")[0], 16)
            if size == 0:
                return b"".join(parts), data.find(b"\r\n", line + 2) + 2
            parts.append(bytes(data[line + 2:line + 2 + size]))
            at = line + 2 + size + 2
        return b"".join(parts), len(data)
    if "content-length" in fields:
        size = int(fields["content-length"])
        return bytes(data[at:at + size]), at + size
    return (bytes(data[at:]), len(data)) if to_end else (b"", at)


def _exchanges(tape):
    asked, answered, out = 0, 0, []
    while head := _head(tape.sent, asked):
        (method, target, _), headers, at = head[0].split(" ", 2), head[1], head[2]
        body, asked = _body(tape.sent, at, headers, False, False)
        reply = _head(tape.got, answered)
        if reply is None:
            out.append((Heard(method, target, headers, body), 0, [], b""))
            break
        status = int(reply[0].split(" ")[1])
        if status == 100:  # an interim answer; the real one follows
            reply = _head(tape.got, reply[2])
            status = int(reply[0].split(" ")[1])
        got, answered = _body(tape.got, reply[2], reply[1], method == "HEAD" or status in (204, 304), True)
        out.append((Heard(method, target, headers, body), status, reply[1], got))
    return out
