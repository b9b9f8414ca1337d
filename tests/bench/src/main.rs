//! `weir-bench`: an instant provider, a bare proxy and a load generator in one binary.
//! Owns the argument words and what is printed; `tests/bench/run` puts the parts together.
#![expect(
    clippy::disallowed_methods,
    reason = "a measuring tool asks the time and ends with its runtime"
)]
#![expect(clippy::print_stdout, reason = "a measuring tool; its output is its result")]

mod bare;
mod body;
mod load;
mod mock;

use std::process::ExitCode;

const USAGE: &str = "usage:
  weir-bench mock                                  an instant provider; prints its port
  weir-bench bare PORT                             a bare pass-through to PORT; prints its port
  weir-bench load PORT PATH MODEL BYTES CONNECTIONS REQUESTS whole|stream|paced|once [HEADER: VALUE]...
                                                   a load; prints one line of JSON";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    // One thread each: on a small machine a second one only adds wake-ups to the measurement.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words {
        ["mock"] => runtime.block_on(mock::serve(announce))?,
        ["bare", port] => runtime.block_on(bare::serve(port.parse()?, announce))?,
        [
            "load",
            port,
            path,
            model,
            bytes,
            connections,
            requests,
            way @ ("whole" | "stream" | "paced" | "once"),
            headers @ ..,
        ] => {
            let (port, bytes, stream) = (port.parse()?, bytes.parse()?, *way != "whole");
            let (connections, requests) = (connections.parse()?, requests.parse::<usize>()?);
            // A slow contender makes few requests, and no more than these before they count.
            let warm_up = load::WARM_UP.min(requests.div_ceil(connections));
            let load = load::Load {
                port,
                stream,
                warm_up: if *way == "once" { 0 } else { warm_up },
                request: body::request(port, path, model, bytes, way, headers),
                connections,
                requests,
            };
            println!("{}", load::run(&runtime, &load)?.json());
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn announce(port: u16) {
    println!("{port}");
}
