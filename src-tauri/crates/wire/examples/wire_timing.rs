//! Times what `wire` does on a request's path: the facts of a body, and a tap over a stream.
//! Prints the median of many rounds; run with `cargo run --release -p weir-wire --example wire_timing`.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a timing needs the machine's own clock")]

use std::hint::black_box;
use std::time::Instant;
use weir_core::Endpoint;
use weir_wire::{Encoding, Tap, facts};

const ROUNDS: usize = 2_000;

fn main() {
    println!("facts::read, median of {ROUNDS} rounds");
    for kb in [0.4, 8.0, 49.0, 200.0] {
        let bytes = (kb * 1000.0) as usize;
        report(&format!("{kb} KB, one long message"), &prose(bytes));
        report(&format!("{kb} KB, code with escapes"), &code(bytes));
        report(&format!("{kb} KB, tool schemas only"), &tools(bytes));
    }
    tap();
}

fn report(name: &str, body: &str) {
    let nanos = median(|| {
        let facts = facts::read(Endpoint::Messages, black_box(body.as_bytes()));
        black_box(&facts).as_ref().expect("a sound body");
    });
    println!("  {name:32} {:>9.2} µs  ({} bytes)", nanos as f64 / 1000.0, body.len());
}

fn median(mut round: impl FnMut()) -> u128 {
    let mut times: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn body(tail: &str) -> String {
    format!("{{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":1024,\"stream\":true,{tail}}}")
}

fn prose(bytes: usize) -> String {
    let text = "the quick brown fox jumps over the lazy dog ".repeat(bytes / 44 + 1);
    body(&format!("\"messages\":[{{\"role\":\"user\",\"content\":\"{}\"}}]", &text[..bytes]))
}

fn code(bytes: usize) -> String {
    let line = "    let name = \\\"value\\\";\\n\\tif a { return b[0]; }\\n";
    let text = line.repeat(bytes / line.len() + 1);
    body(&format!("\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]"))
}

fn tools(bytes: usize) -> String {
    let tool = r#"{"name":"Read","description":"Reads a file","input_schema":{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer"}},"required":["path"]}}"#;
    let list = vec![tool; bytes / tool.len() + 1].join(",");
    body(&format!("\"tools\":[{list}]"))
}

fn tap() {
    let chunk = r#"data: {"id":"chatcmpl-CHx","object":"chat.completion.chunk","created":1795334400,"model":"gpt-5.4-nano","service_tier":"default","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aBcD"}"#;
    let event = format!("{chunk}\n\n");
    const EVENTS: u128 = 1000;
    let nanos = median(|| {
        let mut tap = Tap::new(Endpoint::Chat, true, Encoding::Identity);
        for _ in 0..EVENTS {
            tap.feed(black_box(event.as_bytes()));
        }
        black_box(tap.finish());
    });
    println!("tap, chat chunks of {} bytes: {} ns each", event.len(), nanos / EVENTS);
}
