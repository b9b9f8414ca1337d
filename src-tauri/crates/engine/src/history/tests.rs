//! Tests of reading session logs, as sentences.

use super::*;
use crate::connect::{Platform, Surroundings};

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
fn a_place_and_a_speed_that_the_log_names_are_priced() {
    let usage = |more: &str| {
        let line = CLAUDE.lines().find(|line| line.contains("\"usage\"")).expect("a request");
        let line = line.replace("\"usage\":{", &format!("\"usage\":{{{more}"));
        let line = line.replace("claude-sonnet-4-5-20250929", "claude-opus-5-5");
        let dir = folder(&[("p/s.jsonl", &line)]);
        let entries = read(Source::ClaudeCode, dir.path()).unwrap().entries;
        let prices = Prices::open(None, None).unwrap();
        let base = "https://api.anthropic.com";
        priced(Source::ClaudeCode, &prices, base, false, entries)[0].cost.expect("priced").nano()
    };
    let plain = usage("");
    assert_eq!(usage(r#""inference_geo":"us","#) * 10, plain * 11);
    assert!(usage(r#""speed":"fast","#) > plain);
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

/// Sessions and turns as Codex names them: the time of each is in its id.
const PARENT: &str = "01a22c62-ca6e-7d43-a437-6ce9e4da084b";
const CHILD: &str = "01a22c63-3931-7f23-81df-79c7dda2f006";
const GRANDCHILD: &str = "01a22c63-49f9-7662-98f0-318bc30381a8";
const TURNS: [&str; 4] = [
    "01a22c62-cafb-7c31-85d2-46a442a1f85a",
    "01a22c62-cda8-78f2-868e-dc7a3c040d56",
    "01a22c63-39fe-7932-84c5-7b5b0c3d6fa1",
    "01a22c63-4b36-7fb1-8bcf-4d3ca4867743",
];
/// When each of them was answered in its own log: on 2026-11-30, after noon.
const ANSWERED: [&str; 4] = ["12:16:41.976", "12:16:42.595", "12:17:10.323", "12:17:14.699"];

fn at(clock: &str) -> String {
    format!("2026-11-30T{clock}Z")
}

fn meta(clock: &str, id: &str, forked_from: Option<&str>) -> String {
    let from = forked_from.map_or(String::new(), |id| format!(r#","forked_from_id":"{id}""#));
    let stamp = at(clock);
    format!(
        "{{\"timestamp\":\"{stamp}\",\"type\":\"session_meta\",\"payload\":{{\"session_id\":\"{id}\",\
         \"id\":\"{id}\"{from},\"cwd\":\"/home/a/shop\",\"cli_version\":\"0.142.5\"}}}}\n"
    )
}

/// A turn with one answer: 1,000 tokens for the first, 2,000 for the second and so on.
fn turn(clock: &str, n: usize, id: Option<&str>) -> String {
    let stamp = at(clock);
    let id = id.map_or(String::new(), |id| format!(r#","turn_id":"{id}""#));
    let (last, total) = (1_000 * (n + 1), 500 * (n + 1) * (n + 2));
    format!(
        "{{\"timestamp\":\"{stamp}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"task_started\"{id}}}}}\n\
         {{\"timestamp\":\"{stamp}\",\"type\":\"turn_context\",\"payload\":{{\"cwd\":\"/home/a/shop\",\"model\":\"gpt-5\"{id}}}}}\n\
         {{\"timestamp\":\"{stamp}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"info\":{{\
         \"total_token_usage\":{{\"input_tokens\":{total},\"output_tokens\":0}},\
         \"last_token_usage\":{{\"input_tokens\":{last},\"output_tokens\":0}}}}}}}}\n"
    )
}

/// A session of two turns, its fork with one more, and a fork of that with one more, as Codex
/// 0.142 writes them: what is copied has the time of the copy.
fn family() -> [(&'static str, String); 3] {
    let own = |n: usize| turn(ANSWERED[n], n, Some(TURNS[n]));
    let copied = |clock: &str, n: usize| turn(clock, n, Some(TURNS[n]));
    let parent = meta("12:16:41.759", PARENT, None) + &own(0) + &own(1);
    let clock = "12:17:10.107";
    let child = meta("12:17:10.088", CHILD, Some(PARENT))
        + &meta(clock, PARENT, None)
        + &copied(clock, 0)
        + &copied(clock, 1)
        + &own(2);
    let clock = "12:17:14.496";
    let grandchild = meta("12:17:14.452", GRANDCHILD, Some(CHILD))
        + &meta(clock, CHILD, Some(PARENT))
        + &meta(clock, PARENT, None)
        + &copied(clock, 0)
        + &copied(clock, 1)
        + &copied(clock, 2)
        + &own(3);
    [(PARENT, parent), (CHILD, child), (GRANDCHILD, grandchild)]
}

/// What is read from those of the family, in that order: session and tokens of each request.
fn read_family(order: &[usize]) -> (Vec<(String, u64)>, Vec<Entry>) {
    let family = family();
    let named = order.iter().enumerate().map(|(place, which)| {
        let (_, text) = &family[*which];
        (format!("2026/11/30/rollout-{place}.jsonl"), text.as_str())
    });
    let named: Vec<(String, &str)> = named.collect();
    let files: Vec<(&str, &str)> =
        named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let dir = folder(&files);
    let found = read(Source::Codex, dir.path()).unwrap();
    assert_eq!(found.skipped, 0);
    let of = |e: &Entry| (e.session.clone().unwrap(), e.usage.input);
    (found.entries.iter().map(of).collect(), found.entries)
}

#[test]
fn a_forked_codex_session_and_its_fork_are_counted_once_in_any_order_of_their_files() {
    let all = [(PARENT, 1_000), (PARENT, 2_000), (CHILD, 3_000), (GRANDCHILD, 4_000)]
        .map(|(id, tokens)| (id.to_owned(), tokens));
    let keys: Vec<String> = all
        .iter()
        .zip([1_000, 3_000, 6_000, 10_000])
        .map(|((id, _), sum)| format!("{id}:{sum}"))
        .collect();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (told, entries) = read_family(&order);
        assert_eq!(told, all, "{order:?}");
        let times: Vec<i64> = entries.iter().map(|e| e.at_ms).collect();
        let answered = ANSWERED.map(|clock| unix_ms(&at(clock)).unwrap());
        assert_eq!(times, answered, "each at its own time, not at that of a copy: {order:?}");
        assert_eq!(entries.iter().map(|e| e.key.clone()).collect::<Vec<_>>(), keys);
    }
}

#[test]
fn what_a_fork_copied_is_counted_once_at_its_turns_time_where_the_parents_log_is_gone() {
    let (whole, _) = read_family(&[0, 1, 2]);
    for order in [&[2][..], &[1, 2], &[2, 1]] {
        let (told, entries) = read_family(order);
        assert_eq!(told, whole, "{order:?}");
        let begun = made_at(TURNS[0]);
        assert_eq!(entries[0].at_ms, begun, "when its turn began, not when it was copied");
        assert!(entries[0].copied && !entries[3].copied);
    }
}

/// The first 48 bits of a UUID of version 7 are its Unix time in milliseconds.
fn made_at(id: &str) -> i64 {
    i64::from_str_radix(&id.replace('-', "")[..12], 16).unwrap()
}

#[test]
fn a_fork_that_only_refers_to_its_parent_counts_its_own_turns_alone() {
    // Codex 0.169: nothing is copied, and the sum goes on from the parent's.
    let child =
        meta("12:17:10.088", CHILD, Some(PARENT)) + &turn("12:17:10.323", 2, Some(TURNS[2]));
    let parent = &family()[0].1;
    let dir = folder(&[("rollout-a.jsonl", &child), ("rollout-b.jsonl", parent)]);
    let found = read(Source::Codex, dir.path()).unwrap();
    let tokens: Vec<u64> = found.entries.iter().map(|e| e.usage.input).collect();
    assert_eq!(tokens, [1_000, 2_000, 3_000]);
    assert_eq!(found.entries[2].session.as_deref(), Some(CHILD));
}

#[test]
fn turns_without_an_id_are_told_apart_by_the_moment_of_the_copy() {
    let parent = meta("12:16:41.759", PARENT, None)
        + &turn("12:16:41.976", 0, None)
        + &turn("12:16:42.595", 1, None);
    let child = meta("12:17:10.088", CHILD, Some(PARENT))
        + &turn("12:17:10.107", 0, None)
        + &turn("12:17:10.107", 1, None)
        + &turn("12:17:14.699", 2, None);
    let dir = folder(&[("rollout-a.jsonl", &child), ("rollout-b.jsonl", &parent)]);
    let found = read(Source::Codex, dir.path()).unwrap();
    let told: Vec<_> =
        found.entries.iter().map(|e| (e.session.as_deref().unwrap(), e.usage.input)).collect();
    assert_eq!(told, [(PARENT, 1_000), (PARENT, 2_000), (CHILD, 3_000)]);
}

#[test]
fn a_subagent_that_copies_no_count_keeps_what_it_asked_itself_and_a_told_sum_is_no_request() {
    // Its log names its parent second, and its sums begin anew; the same sum is another request.
    let spawned = meta("12:17:10.088", CHILD, None).replace(
        "\"cwd\"",
        &format!(
            r#""source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{PARENT}"}}}}}},"cwd""#
        ),
    );
    let child =
        spawned + &meta("12:17:10.100", PARENT, None) + &turn("12:17:10.323", 0, Some(TURNS[2]));
    let told = turn("12:17:14.496", 3, Some(TURNS[3]))
        .replace(r#""input_tokens":4000"#, r#""input_tokens":0"#);
    let other = meta("12:17:14.452", GRANDCHILD, Some(PARENT)) + &told;
    let parent = &family()[0].1;
    let dir = folder(&[
        ("rollout-a.jsonl", &child),
        ("rollout-b.jsonl", parent),
        ("rollout-c.jsonl", &other),
    ]);
    let found = read(Source::Codex, dir.path()).unwrap();
    let told: Vec<_> =
        found.entries.iter().map(|e| (e.session.as_deref().unwrap(), e.usage.input)).collect();
    assert_eq!(told, [(PARENT, 1_000), (PARENT, 2_000), (CHILD, 1_000)]);
}

#[test]
fn sessions_that_codex_archived_are_read_as_well_and_one_in_both_places_once() {
    let [(_, parent), (_, child), _] = family();
    let dir = folder(&[
        ("sessions/2026/11/30/rollout-b.jsonl", &child),
        ("archived_sessions/rollout-a.jsonl", &parent),
        ("archived_sessions/rollout-b.jsonl", &child),
        ("worktrees/rollout-c.jsonl", CODEX),
    ]);
    let found = read(Source::Codex, dir.path()).unwrap();
    assert_eq!((found.files, found.entries.len()), (3, 3), "of its home the folders of sessions");
    let found = read(Source::Codex, &dir.path().join("archived_sessions")).unwrap();
    assert_eq!(found.files, 2, "a folder that is named is read itself");
}

#[test]
fn of_too_many_logs_the_newest_are_read_wherever_they_lie_and_the_rest_is_counted() {
    let session = |day: u64| CODEX.replace("\"u1\"", &format!("\"u{day}\""));
    let names = [
        ("archived_sessions/rollout-2026-11-20T08-00-00-a.jsonl", 3),
        ("archived_sessions/rollout-2026-11-24T08-00-00-b.jsonl", 1),
        ("sessions/2026/11/21/rollout-2026-11-21T08-00-00-c.jsonl", 2),
        ("sessions/2026/11/23/rollout-2026-11-23T08-00-00-d.jsonl", 4),
    ];
    let texts = names.map(|(name, day)| (name, session(day)));
    let dir = folder(&texts.each_ref().map(|(name, text)| (*name, text.as_str())));
    let epoch = SystemTime::UNIX_EPOCH;
    let written = |of: fn(u64) -> u64| {
        for (name, day) in names {
            let at = epoch + std::time::Duration::from_secs(of(day));
            let file = fs::File::options().write(true).open(dir.path().join(name)).unwrap();
            file.set_modified(at).unwrap();
        }
    };
    let read = |max| {
        let found = read_newest(Source::Codex, dir.path(), max).unwrap();
        assert_eq!(found.files + found.left_out, 4);
        let named =
            |day: &u64| found.entries.iter().any(|e| e.key.starts_with(&format!("u{day}:")));
        [1, 2, 3, 4].iter().copied().filter(named).collect::<Vec<u64>>()
    };
    written(|day| 86_400 * day);
    assert_eq!((read(2), read(3), read(4)), (vec![3, 4], vec![2, 3, 4], vec![1, 2, 3, 4]));
    // Copied from another disk in one go: the names say when.
    written(|_| 86_400);
    assert_eq!((read(1), read(2)), (vec![1], vec![1, 4]));
}

fn around(home: &Path, variables: &[(&str, &Path)]) -> Surroundings {
    let pair = |(name, value): &(&str, &Path)| ((*name).to_owned(), value.as_os_str().to_owned());
    Surroundings {
        platform: Platform::Linux,
        home: home.to_owned(),
        folder: home.to_owned(),
        variables: variables.iter().map(pair).collect(),
    }
}

#[test]
fn what_tools_wrote_is_found_where_they_keep_it_with_its_first_moment_and_nothing_is_counted() {
    let dir = folder(&[
        (".claude/projects/-home-a-weir/s1.jsonl", CLAUDE),
        (".claude/projects/-home-a-weir/s2.jsonl", "{\"type\":\"summary\"}\n"),
        (".claude/history.jsonl", "{\"display\":\"no session\"}\n"),
        (".codex/sessions/2026/11/22/rollout-1.jsonl", CODEX),
        (".codex/sessions/notes.jsonl", "{}\n"),
    ]);
    let first = dir.path().join(".claude/projects/-home-a-weir/s1.jsonl");
    let past = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_334_500);
    fs::File::options().append(true).open(first).unwrap().set_modified(past).unwrap();
    let found = found(&around(dir.path(), &[]));
    let [claude, codex] = &found[..] else { panic!("{found:?}") };
    assert_eq!((claude.source.as_str(), claude.title.as_str()), ("claude-code", "Claude Code"));
    assert_eq!(claude.files, 2);
    assert_eq!(claude.since.map(|at| at.ms()), Some(1_795_334_400_000), "what its first line says");
    assert!(claude.folder.ends_with("projects"), "{}", claude.folder);
    assert_eq!((codex.source.as_str(), codex.files), ("codex", 1));
}

#[test]
fn what_is_not_there_is_not_offered_and_a_variable_moves_what_is() {
    let dir = folder(&[("elsewhere/projects/x/s1.jsonl", "nothing that tells a time\n")]);
    assert_eq!(found(&around(dir.path(), &[])), []);
    let moved = dir.path().join("elsewhere");
    let found = found(&around(dir.path(), &[("CLAUDE_CONFIG_DIR", &moved)]));
    assert_eq!(found.len(), 1);
    let written = found[0].since.map(|at| at.ms()).expect("when it was written");
    assert!(written > 1_700_000_000_000, "{written}");
}
