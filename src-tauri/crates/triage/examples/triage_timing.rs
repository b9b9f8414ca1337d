//! Times a judgement, from the bytes of a body to task and tier. Prints median and 99th percentile;
//! run with `cargo run --release -p weir-triage --example triage_timing -- [KB…]`.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a timing needs the machine's own clock")]

use std::hint::black_box;
use std::time::Instant;
use weir_core::Endpoint;
use weir_triage::{is_envelope, judge};
use weir_wire::outline;

/// The programs' own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5_000;

fn main() {
    let start = Instant::now();
    round(&prose(400));
    println!("the first judgement of a process: {} µs", start.elapsed().as_micros());
    println!("median / 99th of {ROUNDS} rounds in µs: all (the outline alone)");
    let asked: Vec<f64> = std::env::args().skip(1).filter_map(|kb| kb.parse().ok()).collect();
    for kb in if asked.is_empty() { vec![0.4, 4.0, 49.0, 200.0] } else { asked } {
        let bytes = (kb * 1000.0) as usize;
        report(&format!("{kb} KB, one long message"), &prose(bytes));
        report(&format!("{kb} KB, code with escapes"), &code(bytes));
        report(&format!("{kb} KB, a tool loop"), &agent(bytes));
    }
}

fn report(name: &str, body: &str) {
    let all = times(|| round(body));
    let outline = times(|| {
        black_box(outline::read(Endpoint::Messages, black_box(body.as_bytes()), is_envelope));
    });
    println!(
        "  {name:28} {:>7.1} / {:>7.1}   ({:.1} / {:.1})   {} bytes",
        all.0,
        all.1,
        outline.0,
        outline.1,
        body.len()
    );
}

fn round(body: &str) {
    let outline = outline::read(Endpoint::Messages, black_box(body.as_bytes()), is_envelope);
    black_box(judge(Endpoint::Messages, &outline, None));
}

fn times(mut round: impl FnMut()) -> (f64, f64) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_nanos() as f64 / 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}

fn body(tail: &str) -> String {
    format!("{{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":1024,\"stream\":true,{tail}}}")
}

fn prose(bytes: usize) -> String {
    let line = "Please translate the quick brown fox, who jumps over 12 lazy dogs, to German. ";
    let text = line.repeat(bytes / line.len() + 1);
    body(&format!("\"messages\":[{{\"role\":\"user\",\"content\":\"{}\"}}]", &text[..bytes]))
}

fn code(bytes: usize) -> String {
    let line = "    let name = \\\"value\\\";\\n\\tif a { return b[0]; }\\n";
    let text = line.repeat(bytes / line.len() + 1);
    body(&format!(
        "\"messages\":[{{\"role\":\"user\",\"content\":\"Why does it crash?\\n{text}\"}}]"
    ))
}

fn agent(bytes: usize) -> String {
    let result = r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Read","input":{"path":"/a.rs"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"1\tfn main() {\n2\t    println!(\"hello\");\n3\t}\n"}]}"#;
    let turns = vec![result; bytes / result.len() + 1].join(",");
    body(&format!(
        "\"system\":\"You are a coding agent.\",\"tools\":[{{\"name\":\"Read\",\"input_schema\":{{}}}}],\"messages\":[{{\"role\":\"user\",\"content\":\"Refactor the parser into modules\"}},{turns}]"
    ))
}
