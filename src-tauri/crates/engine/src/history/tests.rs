//! Tests of reading session logs, as sentences.

use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// An answer as Claude Code writes it, once for its text and once for its tool call.
const CLAUDE: &str = concat!(
    r#"{"type":"user","message":{"role":"user","content":"hi"},"timestamp":"2026-11-22T08:00:00.000Z","sessionId":"s1","cwd":"/home/a/weir"}"#,
    "\n",
    r#"{"type":"assistant","timestamp":"2026-11-22T08:00:01.000Z","sessionId":"s1","cwd":"/home/a/weir","requestId":"req_1","message":{"id":"msg_1","model":"claude-sonnet-4-5-20250929","role":"assistant","usage":{"input_tokens":3,"cache_creation_input_tokens":400,"cache_read_input_tokens":9000,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":100},"output_tokens":1}}}"#,
    "\n",
    r#"{"type":"assistant","timestamp":"2026-11-22T08:00:04.000Z","sessionId":"s1","cwd":"/home/a/weir","requestId":"req_1","message":{"id":"msg_1","model":"claude-sonnet-4-5-20250929","role":"assistant","usage":{"input_tokens":3,"cache_creation_input_tokens":400,"cache_read_input_tokens":9000,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":100},"output_tokens":250}}}"#,
    "\n",
    r#"{"type":"assistant","timestamp":"2026-11-22T08:00:09.000Z","sessionId":"s1","message":{"id":"x","model":"<synthetic>","usage":{"input_tokens":0,"output_tokens":0}}}"#,
    "\n",
    r#"{"type":"assistant","timestamp":"2026-11-22T08:01"#,
    "\n",
    r#"{"type":"assistant","usage": broken "#,
    "\n",
);

#[test]
fn an_answer_that_claude_code_wrote_in_parts_is_one_request_with_its_last_count() {
    let dir = folder(&[("-home-a-weir/s1.jsonl", CLAUDE), ("-home-a-weir/copy.jsonl", CLAUDE)]);
    let found = read(Source::ClaudeCode, dir.path()).unwrap();
    assert_eq!((found.files, found.skipped), (2, 2), "the broken line of each file is counted");
    let [entry] = &found.entries[..] else { panic!("{found:?}") };
    assert_eq!(entry.key, "msg_1:req_1");
    assert_eq!(entry.project.as_deref(), Some("weir"));
    let usage = Usage {
        input: 3,
        cache_read: 9_000,
        cache_write_5m: 300,
        cache_write_1h: 100,
        output: 250,
        ..Usage::default()
    };
    assert_eq!(entry.usage, usage);
    assert_eq!(entry.at_ms, 1_795_334_401_000);
}

const CODEX: &str = concat!(
    r#"{"timestamp":"2026-11-22T08:00:00.000Z","type":"session_meta","payload":{"id":"u1","cwd":"C:\\work\\shop\\","originator":"codex_exec"}}"#,
    "\n",
    r#"{"timestamp":"2026-11-22T08:00:01.000Z","type":"turn_context","payload":{"cwd":"/home/a/shop","model":"gpt-5"}}"#,
    "\n",
    r#"{"timestamp":"2026-11-22T08:00:02.000Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{}}}"#,
    "\n",
    r#"{"timestamp":"2026-11-22T08:00:05.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1000,"cached_input_tokens":600,"output_tokens":50,"reasoning_output_tokens":20,"total_tokens":1050},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":600,"output_tokens":50,"reasoning_output_tokens":20,"total_tokens":1050}}}}"#,
    "\n",
    r#"{"timestamp":"2026-11-22T08:00:06.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1000,"cached_input_tokens":600,"output_tokens":50,"reasoning_output_tokens":20,"total_tokens":1050},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":600,"output_tokens":50,"reasoning_output_tokens":20,"total_tokens":1050}}}}"#,
    "\n",
    r#"{"timestamp":"2026-11-22T08:00:09.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":3000,"cached_input_tokens":1600,"output_tokens":80,"reasoning_output_tokens":20,"total_tokens":3080},"last_token_usage":{"input_tokens":2000,"cached_input_tokens":1000,"output_tokens":30,"reasoning_output_tokens":0,"total_tokens":2030}}}}"#,
    "\n",
);

#[test]
fn codex_tells_sums_and_a_request_is_what_the_sum_grew_by() {
    let dir = folder(&[
        ("2026/11/22/rollout-2026-11-22T08-00-00-u1.jsonl", CODEX),
        ("history.jsonl", "{}\n"),
    ]);
    let found = read(Source::Codex, dir.path()).unwrap();
    assert_eq!((found.files, found.skipped), (1, 0));
    let used: Vec<_> = found.entries.iter().map(|e| (e.key.as_str(), e.usage)).collect();
    let one = Usage { input: 400, cache_read: 600, output: 50, reasoning: 20, ..Usage::default() };
    let two = Usage { input: 1_000, cache_read: 1_000, output: 30, ..Usage::default() };
    assert_eq!(used, [("u1:1050", one), ("u1:3080", two)]);
    assert_eq!(found.entries[0].project.as_deref(), Some("shop"));
    assert_eq!(found.entries[0].model, "gpt-5");
}

#[test]
fn what_was_found_is_priced_by_its_day_or_paid_by_a_plan() {
    let dir = folder(&[("p/s.jsonl", CLAUDE)]);
    let entries = read(Source::ClaudeCode, dir.path()).unwrap().entries;
    let prices = Prices::open(None, None).unwrap();
    let base = "https://api.anthropic.com";
    let rows = priced(Source::ClaudeCode, &prices, base, false, entries.clone());
    // $3 input, $0.30 read, $3.75 and $6 written, $15 output a million tokens.
    let nano = 3 * 3_000 + 9_000 * 300 + 300 * 3_750 + 100 * 6_000 + 250 * 15_000;
    assert_eq!(rows[0].cost, Some(Money::from_nano(nano)));
    let paid = priced(Source::ClaudeCode, &prices, base, true, entries);
    assert_eq!((paid[0].cost, paid[0].pricing), (Some(Money::ZERO), Pricing::Exact));
}

#[test]
fn any_bytes_are_read_without_a_panic_and_a_missing_folder_is_told() {
    let dir =
        folder(&[("p/a.jsonl", "\u{0}\n{\"usage\"\"assistant\"\n[]\n\"usage\" \"assistant\"\n")]);
    fs::write(dir.path().join("p/b.jsonl"), [0xff, 0xfe, b'\n', b'{']).unwrap();
    for source in [Source::ClaudeCode, Source::Codex] {
        assert!(read(source, dir.path()).unwrap().entries.is_empty());
        assert!(read(source, &dir.path().join("absent")).is_err());
    }
}
