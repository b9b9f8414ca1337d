//! Golden exchanges: one file a case, both directions as they travel, and what is booked.
//!
//! A file is a comment (`# …`), settings (`name: value`), then sections that open with `=== name`
//! and hold exactly the text up to the next one. Sections: `request` (head and body as the client
//! sends them), `answer` (head and body as the provider sends them), and where they differ from
//! these, `upstream body` (what the provider gets) and `client body` (what the client gets).
//! Escapes in bodies: a backslash at the end of a line joins it to the next, `\xHH` is a byte,
//! `\r`, `\n` and `\\` are themselves. Framing, host and credentials are added by the runner.

use crate::encoding::Coding;
use crate::http1::Head;
use crate::tokens::Tokens;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One golden exchange.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The file it was read from.
    pub path: PathBuf,
    /// The client's request, head without host, credential and framing.
    pub request: Head,
    /// Its body as the client writes it, before any content coding.
    pub request_body: Vec<u8>,
    /// The provider's answer, head without framing.
    pub answer: Head,
    /// Its body before any content coding.
    pub answer_body: Vec<u8>,
    /// What the provider must get, before any content coding.
    pub upstream_body: Vec<u8>,
    /// Whether the provider must get the client's body with usage asked for in addition.
    pub usage_asked: bool,
    /// What the client must get, before any content coding.
    pub client_body: Vec<u8>,
    /// The content coding of the request.
    pub request_coding: Coding,
    /// The content coding of the answer.
    pub answer_coding: Coding,
    /// Sizes of the pieces the answer's body is written in; the last repeats.
    pub pieces: Vec<usize>,
    /// Whether the answer has a content length instead of chunks.
    pub sized: bool,
    /// What the ledger must say; `None` where no row is expected.
    pub booked: Option<Booked>,
}

/// What the ledger must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// `ok`, `error_in_stream`, …
    pub outcome: String,
    /// `exact`, `estimated`, `unpriced`.
    pub pricing: String,
    /// Nano-dollars, where the case fixes them.
    pub nano: Option<i128>,
    /// Tokens by kind, where the case fixes them.
    pub tokens: Option<Tokens>,
}

impl Transcript {
    /// Reads a file.
    ///
    /// # Panics
    /// On anything that is not a transcript: it is a file of ours.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let text = String::from_utf8(text).expect("a transcript is UTF-8; use \\xHH for the rest");
        let (top, sections) = split(&text);
        let settings: BTreeMap<&str, &str> = top
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?} in {path:?}")))
            .collect();
        let section = |name: &str| sections.iter().find(|(n, _)| *n == name).map(|(_, t)| *t);
        let needed = |name| section(name).unwrap_or_else(|| panic!("no {name} in {path:?}"));
        let (request, request_body) = message(needed("request"));
        let (answer, mut answer_body) = message(needed("answer"));
        let newline = match settings.get("newlines") {
            Some(&"crlf") => "\r\n",
            Some(&"cr") => "\r",
            None => "\n",
            Some(other) => panic!("newlines: {other} in {path:?}"),
        };
        let ended = |body: Vec<u8>| match newline {
            "\n" => body,
            newline => replace(&body, newline),
        };
        answer_body = ended(answer_body);
        let coding = |name| {
            let named = settings.get(name).unwrap_or(&"identity");
            Coding::parse(named).unwrap_or_else(|| panic!("{name}: {named} in {path:?}"))
        };
        let pieces = settings.get("pieces").unwrap_or(&"1048576").split(' ');
        Self {
            upstream_body: section("upstream body").map_or_else(|| request_body.clone(), plain),
            client_body: section("client body")
                .map_or_else(|| answer_body.clone(), |text| ended(plain(text))),
            usage_asked: settings.get("upstream") == Some(&"usage-asked"),
            request_coding: coding("request-coding"),
            answer_coding: coding("answer-coding"),
            pieces: pieces.map(|size| size.parse().expect("a size")).collect(),
            sized: settings.get("framing") == Some(&"length"),
            booked: settings.get("booked").and_then(|text| Booked::parse(text)),
            path: path.into(),
            request,
            request_body,
            answer,
            answer_body,
        }
    }
}

impl Booked {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let outcome = words.next()?.to_owned();
        if outcome == "nothing" {
            return None;
        }
        let pricing = words.next()?.to_owned();
        let mut booked = Self { outcome, pricing, nano: None, tokens: None };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{word:?}"));
            if name == "nano" {
                booked.nano = value.parse().ok();
                continue;
            }
            let value = value.parse().unwrap_or_else(|_| panic!("{word:?}"));
            let tokens = booked.tokens.get_or_insert_default();
            match name {
                "input" => tokens.input = value,
                "cache_read" => tokens.cache_read = value,
                "cache_write_5m" => tokens.cache_write_5m = value,
                "cache_write_1h" => tokens.cache_write_1h = value,
                "output" => tokens.output = value,
                "reasoning" => tokens.reasoning = value,
                "web_searches" => tokens.web_searches = value,
                _ => panic!("{word:?} is not a kind of token"),
            }
        }
        Some(booked)
    }
}

/// Every transcript below `folder`.
pub fn all(folder: &Path) -> Vec<Transcript> {
    let files = crate::canary::files(folder);
    let http = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "http");
    files.iter().filter(http).map(|path| Transcript::read(path)).collect()
}

fn split(text: &str) -> (&str, Vec<(&str, &str)>) {
    let mut parts = text.split("=== ");
    let top = parts.next().unwrap_or_default();
    (top, parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect())
}

fn message(text: &str) -> (Head, Vec<u8>) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
    (Head::parse((head.replace('\n', "\r\n") + "\r\n\r\n").as_bytes()), plain(body))
}

fn plain(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'\n') => {}
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b'\\') => out.push(b'\\'),
            Some(b'x') => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
            }
            // JSON has escapes of its own (\" and \u): they stay as they are.
            Some(other) => out.extend([b'\\', other]),
            None => out.push(b'\\'),
        }
    }
    out
}

fn replace(body: &[u8], newline: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() * 2);
    for byte in body {
        match byte {
            b'\n' => out.extend_from_slice(newline.as_bytes()),
            byte => out.push(*byte),
        }
    }
    out
}
