//! Times the translation of an agent's request, from every client's form to every target's.
//! Run with `cargo run --release -p weir-wire --example hub_timing`.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a timing needs the machine's own clock")]

use std::hint::black_box;
use std::time::Instant;
use weir_core::Endpoint;
use weir_wire::hub::{Asked, Form, Target, Traits, request};

const ROUNDS: usize = 500;

fn main() {
    for kb in [8, 50, 200] {
        println!("{kb} KB, median and 99th of {ROUNDS} rounds in µs");
        let first = agent(kb * 1_000);
        for (from, endpoint) in [
            (Form::Messages, Endpoint::Messages),
            (Form::Chat, Endpoint::Chat),
            (Form::Responses, Endpoint::Responses),
            (Form::Gemini, Endpoint::Generate),
        ] {
            let body = if from == Form::Messages {
                first.clone().into_bytes()
            } else {
                translated(Endpoint::Messages, first.as_bytes(), from)
            };
            let mut line = format!("  {from:?} ({} bytes):", body.len());
            for to in Form::ALL {
                let (middle, late) = times(|| {
                    black_box(translated(endpoint, black_box(&body), to));
                });
                line += &format!(" {to:?} {middle:.0}/{late:.0}");
            }
            println!("{line}");
        }
    }
}

fn translated(endpoint: Endpoint, body: &[u8], form: Form) -> Vec<u8> {
    let model = match form {
        Form::Messages => "claude-opus-4-8",
        Form::Gemini => "gemini-3.8-flash",
        Form::Ollama => "qwen3:8b",
        Form::Chat | Form::Responses => "gpt-5.6-luna",
    };
    let traits = Traits::of(form, model, form == Form::Ollama);
    let asked = Asked { endpoint, body, model: "m" };
    request(&asked, &Target { form, model, traits }).expect("it can be translated").body
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

/// An agent's request of about so many bytes: half tool schemas up to 40 KB, then a tool loop over
/// source code.
fn agent(bytes: usize) -> String {
    let tool = |n: usize| {
        format!(
            r#"{{"name":"Tool{n}","description":"Reads a file from the local filesystem.\n\nUsage:\n- The path must be \"absolute\".\n- Lines longer than 2000 characters are cut.","input_schema":{{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{{"path":{{"type":"string","description":"The absolute path"}},"limit":{{"type":"integer","minimum":1}}}},"required":["path"],"additionalProperties":false}}}}"#
        )
    };
    let tools: Vec<String> = (0..(bytes / 2).min(40_000) / tool(0).len() + 1).map(tool).collect();
    let line = r#"    12\t    let name = \"value\";\n    13\t\tif a { return b[0]; } // é\n"#;
    let code = line.repeat(12);
    let mut turns = vec![r#"{"role":"user","content":"Fix it."}"#.to_owned()];
    let mut size = tools.iter().map(String::len).sum::<usize>();
    let mut n = 0;
    while size < bytes {
        n += 1;
        let call = format!(
            r#"{{"role":"assistant","content":[{{"type":"text","text":"Reading."}},{{"type":"tool_use","id":"toolu_{n}","name":"Tool0","input":{{"path":"/src/a{n}.rs","limit":200}}}}]}}"#
        );
        let result = format!(
            r#"{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_{n}","content":[{{"type":"text","text":"{code}"}}]}}]}}"#
        );
        size += call.len() + result.len();
        turns.push(call);
        turns.push(result);
    }
    format!(
        r#"{{"model":"claude-opus-5-5","max_tokens":32000,"stream":true,"thinking":{{"type":"adaptive"}},"system":[{{"type":"text","text":"You are an agent.\nBe brief.","cache_control":{{"type":"ephemeral"}}}}],"tools":[{}],"messages":[{}]}}"#,
        tools.join(","),
        turns.join(",")
    )
}
