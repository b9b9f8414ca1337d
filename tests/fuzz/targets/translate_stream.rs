//! Translated answers: no bytes of any provider make them panic, where a stream was cut changes no
//! byte, what is said after an end is nothing, and a whole answer's error is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wire::hub::{Back, Ending, Form, Framing, SentTool, Stream, answer, failure, replay};

const CLIENTS: [Form; 4] = [Form::Messages, Form::Chat, Form::Responses, Form::Gemini];

fn back(client: Form, steer: u8) -> Back {
    Back {
        endpoint: client.endpoint(true),
        client,
        target: Form::Chat,
        model: "m".to_owned(),
        stream: true,
        include_usage: steer & 1 == 1,
        show_thinking: steer & 2 == 0,
        keep_seals: steer & 4 == 0,
        structured: false,
        choices: 1,
        logprobs: true,
        stop: vec!["END".to_owned()],
        cuts: vec!["ST".to_owned()],
        seed: u64::from(steer),
        at_s: 0,
        echo: Vec::new(),
        tools: vec![SentTool {
            sent: "apply_patch".to_owned(),
            name: "apply_patch".to_owned(),
            namespace: None,
            freeform: true,
            freeform_sent: false,
        }],
    }
}

fn run(back: &Back, from: Form, framing: Framing, end: Ending, pieces: &[&[u8]]) -> (Vec<u8>, bool) {
    let mut stream = Stream::new(back.clone(), from, framing);
    let mut out = Vec::new();
    let mut begun = false;
    for piece in pieces {
        out.extend(stream.feed(piece));
        assert!(!begun || stream.content_started(), "content does not begin twice");
        begun = stream.content_started();
    }
    out.extend(stream.finish(end));
    assert!(stream.finish(end).is_empty(), "an end is told once");
    assert!(stream.feed(b"data: {}\n\n").is_empty(), "nothing comes after it");
    (out, stream.failed())
}

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let [seed, forms, way, flags] = input.steer;
    let from = Form::ALL[usize::from(forms) % 5];
    let client = CLIENTS[usize::from(forms / 5) % 4];
    let back = back(client, flags);
    let framing = [Framing::Sse, Framing::JsonArray, Framing::Lines][usize::from(way) % 3];
    let end = if way & 64 == 0 { Ending::Clean } else { Ending::Cut };
    let whole = run(&back, from, framing, end, &[input.stream]);
    let cut = run(&back, from, framing, end, &weir_fuzz::cut(input.stream, seed));
    assert_eq!(cut, whole);
    // A success has its dialect's end, a failure never has.
    let text = String::from_utf8(whole.0).expect("an answer is text");
    if client == Form::Messages {
        assert_eq!(text.ends_with("data: {\"type\":\"message_stop\"}\n\n"), !whole.1);
    } else if client == Form::Chat {
        assert_eq!(text.ends_with("data: [DONE]\n\n"), !whole.1);
    }
    match answer(&back, from, input.stream) {
        Ok(body) => {
            serde_json::from_slice::<&serde_json::value::RawValue>(&body).expect("JSON");
            replay(&back, from, input.stream).expect("what is told whole can be streamed");
        }
        Err(bad) => assert!(bad.failure(&back).status >= 400),
    }
    let failure = failure(&back, from, u16::from(flags) + 400, input.stream);
    serde_json::from_slice::<&serde_json::value::RawValue>(&failure.body).expect("JSON");
});
