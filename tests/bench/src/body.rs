//! Anthropic-shaped request bytes of a wanted size, like an agent's: tools, a system text, a
//! history of tool results full of escaped code. Built once, before anything is measured.

use std::fmt::Write as _;

/// What a request says when its stream shall come at a model's pace; no other body holds it.
pub const PACED: &str = "Take your time over it.";

const CODE: &str = "fn main() {\\n    let level = \\\"upper\\\";\\n    for step in 0..12 {\\n        println!(\\\"{step}: {level}\\\");\\n    }\\n}\\n// the water falls from the upper level to the lower one \\u2014 slowly, and all of it\\n";

/// A whole HTTP/1.1 request: head, extra headers, and a body of about `bytes` bytes.
pub fn request(
    port: u16,
    path: &str,
    model: &str,
    bytes: usize,
    way: &str,
    headers: &[&str],
) -> Vec<u8> {
    let body = body(model, bytes, way);
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
         anthropic-version: 2023-06-01\r\naccept: application/json\r\nuser-agent: weir-bench\r\n\
         content-length: {}\r\n",
        body.len()
    );
    for header in headers {
        // A header that is given replaces ours of the same name.
        let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if let Some(start) = head.find(&format!("\r\n{name}:")) {
            let end = head[start + 2..].find("\r\n").map_or(head.len(), |at| start + 2 + at);
            head.replace_range(start..end, "");
        }
        let _ = write!(head, "{header}\r\n");
    }
    head.push_str("\r\n");
    [head.into_bytes(), body.into_bytes()].concat()
}

fn body(model: &str, bytes: usize, way: &str) -> String {
    let mut text = format!(r#"{{"model":"{model}","max_tokens":1024,"#);
    if bytes > 4096 {
        text.push_str(r#""system":[{"type":"text","text":"You read and write code.","cache_control":{"type":"ephemeral"}}],"tools":["#);
        for tool in 0..(bytes / 2048).min(24) {
            let comma = if tool == 0 { "" } else { "," };
            let _ = write!(
                text,
                r#"{comma}{{"name":"tool_{tool}","description":"Does one thing to a file and says what it did.","input_schema":{{"type":"object","properties":{{"path":{{"type":"string","description":"Where."}},"limit":{{"type":"integer","minimum":1}},"deep":{{"type":"boolean"}}}},"required":["path"],"additionalProperties":false}}}}"#
            );
        }
        text.push_str("],");
    }
    let pace = if way == "paced" { PACED } else { "" };
    let _ = write!(
        text,
        r#""messages":[{{"role":"user","content":"Look at the file and say what it does. {pace}"}}"#,
    );
    let mut turn = 0;
    while text.len() + 120 < bytes {
        let room = (bytes - text.len() - 110).min(6000);
        let code = CODE.repeat(room / CODE.len() + 1);
        // Cut between escapes, so that the text stays valid JSON.
        let cut = code[..room].rfind("\\n").unwrap_or(0);
        let plain = "x".repeat(room - cut);
        let _ = write!(
            text,
            r#",{{"role":"assistant","content":[{{"type":"tool_use","id":"toolu_{turn}","name":"tool_0","input":{{"path":"src/{turn}.rs"}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_{turn}","content":"{}{plain}"}}]}}"#,
            &code[..cut]
        );
        turn += 1;
    }
    let _ = write!(text, r#"],"stream":{}}}"#, way != "whole");
    text
}
