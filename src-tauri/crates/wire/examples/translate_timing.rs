//! Times a translated stream: each provider's text, for each client, per event; and what a stream
//! of two hours keeps in memory. Run with
//! `cargo run --release -p weir-wire --example translate_timing`.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a timing needs the machine's own clock")]

use std::hint::black_box;
use std::time::Instant;
use weir_wire::hub::{Back, Ending, Form, Framing, Stream};

const ROUNDS: usize = 200;
const EVENTS: u32 = 1_000;
/// Two hours at a hundred tokens a second.
const LONG_EVENTS: u32 = 720_000;

fn main() {
    println!("one text event, median of {ROUNDS} rounds of {EVENTS}");
    for from in Form::ALL {
        for client in [Form::Messages, Form::Chat, Form::Responses, Form::Gemini] {
            if from != client {
                println!("  {from:?} to {client:?}: {} ns", per_event(from, client));
            }
        }
    }
    println!("{LONG_EVENTS} events, kept at the end");
    for client in [Form::Messages, Form::Chat, Form::Responses, Form::Gemini] {
        let before = resident_kb();
        let mut stream = begun(Form::Chat, client);
        let event = event(Form::Chat);
        for _ in 0..LONG_EVENTS {
            black_box(stream.feed(event.as_bytes()));
        }
        println!("  Chat to {client:?}: {} KB more", resident_kb().saturating_sub(before));
        black_box(stream.finish(Ending::Cut));
    }
}

fn per_event(from: Form, client: Form) -> u128 {
    let event = event(from);
    let mut times: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let mut stream = begun(from, client);
            let start = Instant::now();
            for _ in 0..EVENTS {
                black_box(stream.feed(black_box(event.as_bytes())));
            }
            start.elapsed().as_nanos() / u128::from(EVENTS)
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn begun(from: Form, client: Form) -> Stream {
    let framing = if from == Form::Ollama { Framing::Lines } else { Framing::Sse };
    let mut stream = Stream::new(back(client), from, framing);
    if from == Form::Messages {
        stream.feed(b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    }
    stream
}

fn event(from: Form) -> String {
    match from {
        Form::Messages => "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n".to_owned(),
        Form::Chat => "data: {\"id\":\"chatcmpl-CHx\",\"object\":\"chat.completion.chunk\",\"created\":1795334400,\"model\":\"gpt-5.4-nano\",\"service_tier\":\"default\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"aBcD\"}\n\n".to_owned(),
        Form::Responses => "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" word\",\"logprobs\":[],\"obfuscation\":\"x\"}\n\n".to_owned(),
        Form::Gemini => "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" word\"}],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":1200,\"candidatesTokenCount\":3,\"totalTokenCount\":1203},\"modelVersion\":\"gemini-3.8-flash\",\"responseId\":\"r1\"}\n\n".to_owned(),
        Form::Ollama => "{\"model\":\"qwen3:4b\",\"created_at\":\"2026-11-22T10:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\" word\"},\"done\":false}\n".to_owned(),
    }
}

fn back(client: Form) -> Back {
    Back {
        endpoint: client.endpoint(true),
        client,
        target: Form::Chat,
        model: "claude-weir-low".to_owned(),
        stream: true,
        include_usage: true,
        show_thinking: true,
        keep_seals: true,
        structured: false,
        choices: 1,
        logprobs: false,
        stop: Vec::new(),
        cuts: Vec::new(),
        seed: 7,
        at_s: 0,
        echo: Vec::new(),
        tools: Vec::new(),
    }
}

/// Resident memory in KB, where the system tells it; 0 elsewhere.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
