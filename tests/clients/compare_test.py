"""The comparison must be able to fail: each kind of damage is done once and must be named."""
import unittest

import compare
from scripted import Heard

BODY = b'{"model": "m",  "messages": [{"role":"user","content":"one"}], "id": "0a1b2c3d-0000-4000-8000-000000000001"}'
OWN = [("x-weir-request-id", "r")]


def exchange(body=BODY, headers=(("A", "1"),), answer=b"data: 1\n\n", more=()):
    return Heard("POST", "/v1/messages?beta=true", list(headers), body), 200, [("content-type", "x"), *more], answer


def chat(body, answer=b"data: 1\n\n", more=()):
    return Heard("POST", "/v1/chat/completions", [], body), 200, list(more), answer


class Through(unittest.TestCase):
    front = exchange(more=OWN)

    def test_the_same_bytes_agree(self):
        moved = exchange(headers=[("a", "1"), ("host", "elsewhere"), ("Authorization", "other")])
        self.assertEqual(compare.through([self.front], [moved]), [])

    def test_every_kind_of_damage_is_named(self):
        damaged = {
            "body changed": exchange(body=BODY.replace(b",  ", b", ")),
            "was lost": exchange(headers=[]),
            "header b: 2 was added": exchange(headers=[("a", "1"), ("b", "2")]),
            "answer's body changed": exchange(answer=b"data: 2\n\n"),
            "answer's header y: 1 was lost": exchange(more=[("y", "1")]),
            "status": (*exchange()[:1], 500, *exchange()[2:]),
        }
        for words, back in damaged.items():
            self.assertIn(words, " ".join(compare.through([self.front], [back])))
        self.assertIn("never reached", compare.through([self.front], [])[0])
        self.assertIn("no client sent it", compare.through([self.front], [exchange(), exchange()])[0])
        self.assertIn("no x-weir-request-id", compare.through([exchange()], [exchange()])[0])

    def test_only_usage_may_be_asked_for_in_a_chat_stream(self):
        asked, events = b'{"model":"m","stream":true}', b'data: {"choices": [1]}\n\n'
        usage = b'data: {"choices": [], "usage": 1}\n\n'
        sent = b'{"model":"m","stream":true,"stream_options":{"include_usage":true}}'
        front = chat(asked, events, OWN)
        self.assertEqual(compare.through([front], [chat(sent, events + usage)]), [])
        self.assertNotEqual(compare.through([chat(asked, events + usage, OWN)], [chat(sent, events + usage)]), [])
        self.assertNotEqual(compare.through([front], [chat(sent.replace(b'"m"', b'"n"'), events + usage)]), [])


class Between(unittest.TestCase):
    def test_noise_is_what_differs_between_two_direct_runs(self):
        runs = [[exchange(body=BODY.replace(b"0001", n))] for n in (b"0001", b"0002", b"0003")]
        problems, noise = compare.between(*runs)
        self.assertEqual((problems, len(noise)), ([], 1))

    def test_a_difference_that_is_no_noise_is_a_problem(self):
        other = [exchange(body=BODY.replace(b"one", b"two"))]
        self.assertIn("two", compare.between([exchange()], [exchange()], other)[0][0])
        self.assertIn("header a", compare.between([exchange()], [exchange()], [exchange(headers=[("a", "2")])])[0][0])
        self.assertIn("other requests", compare.between([exchange()], [exchange()], [exchange(), exchange()])[0][0])
        spelled = [exchange(body=BODY.replace(b"0a1b2c3d-0000-4000-8000-000000000001", b"changed"))]
        noisy = [exchange(body=BODY.replace(b"0001", b"0002"))]
        self.assertIn("another shape", compare.between([exchange()], noisy, spelled)[0][0])


if __name__ == "__main__":
    unittest.main()
