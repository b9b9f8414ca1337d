//! `weir report` and the sparkline of `weir cost`, on homes whose past months come from a tool's own
//! session logs.

use serde_json::Value;
use std::fs;
use std::path::Path;
use weir_tests::{Home, Kind, Rig};

const MONTH: &str = "2026-03";
const SONNET: &str = "claude-sonnet-4-5-20250929";
/// A name that would be markup, of a model nobody has a price for.
const HOSTILE: &str = "<img src=x onerror=alert(1)>&\\\"'";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// One answer in Claude Code's log.
fn line(n: usize, at: &str, model: &str) -> String {
    let (input, output) = (1_000 + n * 37, 100 + n * 11);
    format!(
        r#"{{"type":"assistant","timestamp":"{at}","sessionId":"s{}","cwd":"/home/a/weir","requestId":"req_{n}","message":{{"id":"msg_{n}","model":"{model}","role":"assistant","usage":{{"input_tokens":{input},"cache_read_input_tokens":9000,"output_tokens":{output}}}}}}}"#,
        n % 4
    )
}

/// A home with forty requests in March, three in April that are unpriced, and budgets.
fn home() -> Home {
    let home = Home::bare();
    home.configure(
        "[[budgets]]\nname = \"month\"\nperiod = \"month\"\nlimit_usd = 5.0\n\
         [[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 1.0\n",
    );
    let mut lines: Vec<String> = (0..40)
        .map(|n| line(n, &format!("2026-03-{:02}T{:02}:30:00.000Z", n % 31 + 1, n % 24), SONNET))
        .collect();
    lines.extend((40..43).map(|n| line(n, "2026-04-01T02:00:00.000Z", HOSTILE)));
    let folder = home.user().join(".claude/projects/-home-a-weir");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("s.jsonl"), lines.join("\n") + "\n").expect("a log");
    home
}

fn imported() -> Home {
    let home = home();
    home.weir(&["import", "claude-code"]).ok();
    home
}

fn nano(value: &Value) -> i64 {
    value.as_str().expect("an amount").replace('.', "").parse().expect("digits")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn report(home: &Home, month: &str, name: &str) -> Vec<u8> {
    let file = home.out().join(name);
    let out = file.display().to_string();
    home.weir(&["report", "--month", month, "--out", &out]).ok();
    fs::read(file).expect("a report")
}

#[test]
fn a_months_page_says_what_the_ledger_says_to_the_nano_dollar() {
    let home = imported();
    let report = home.weir(&["report", "--month", MONTH, "--json"]).json();
    let days = home.weir(&["cost", "breakdown", "--period", "all", "--by", "day", "--json"]).json();
    let of_month = |day: &&Value| day["key"].as_str().is_some_and(|key| key.starts_with(MONTH));
    let own: Vec<&Value> =
        days["groups"].as_array().expect("groups").iter().filter(of_month).collect();
    let spent: i64 = own.iter().map(|day| nano(&day["spent_usd"])).sum();
    assert!(spent > 0 && nano(&report["spent_usd"]) == spent, "{report}");
    assert_eq!((&report["requests"], &report["over"]), (&40.into(), &true.into()));
    assert_eq!((&report["from"], &report["to"]), (&"2026-03-01".into(), &"2026-03-31".into()));
    for part in report["parts"].as_array().expect("parts") {
        let groups = part["groups"].as_array().expect("groups");
        let sum: i64 = groups.iter().map(|group| nano(&group["spent_usd"])).sum();
        assert_eq!(sum, spent, "by {}", part["by"]);
    }
    let budgets = report["budgets"].as_array().expect("budgets");
    assert_eq!(nano(&budgets[0]["windows"][0]["spent_usd"]), spent);
    // Weeks that began in March: five Mondays.
    assert_eq!(budgets[1]["windows"].as_array().map(Vec::len), Some(5), "{report}");
}

#[test]
fn a_page_needs_nothing_but_itself_and_runs_nothing() {
    let home = imported();
    for month in [MONTH, "2026-04"] {
        let page = String::from_utf8(report(&home, month, "report.html")).expect("text");
        let bare = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for unwanted in [
            "<script", "<link", "<iframe", "<img", "http://", "https://", "url(", "@import", "src=",
        ] {
            // The hostile name is there as words.
            let found = bare.replace("&lt;img src=x", "");
            assert!(!found.contains(unwanted), "{month}: {unwanted}");
        }
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
        assert!(page.contains("default-src 'none'"), "{month} says that nothing may be loaded");
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert_eq!(page.matches("class=\"light\"").count(), page.matches("class=\"dark\"").count());
    }
}

#[test]
fn a_page_shows_the_month_its_figures_and_its_charts_and_never_an_unpriced_one_as_free() {
    let home = imported();
    let march = String::from_utf8(report(&home, MONTH, "march.html")).expect("text");
    for part in [
        "<h1>March 2026</h1>",
        "1 to 31 March 2026",
        "Spend by day and provider",
        "Local against cloud",
        "Spend by task",
        "Saved, and from cache",
        "Budget month",
        "By provider",
        "By model",
        "By tool",
        "every request priced",
    ] {
        assert!(march.contains(part), "{part}");
    }
    let april = String::from_utf8(report(&home, "2026-04", "april.html")).expect("text");
    assert!(april.contains("<dd>3 unpriced</dd>"), "{april}");
    assert!(april.contains("3 requests have no known price"), "{april}");
    let empty = String::from_utf8(report(&home, "2026-02", "empty.html")).expect("text");
    assert!(empty.contains("No request came through in this month."), "{empty}");
}

#[test]
fn a_picture_is_a_png_that_comes_out_the_same_each_time() {
    let home = imported();
    let first = report(&home, MONTH, "report.png");
    assert!(first.starts_with(PNG), "{:?}", &first[..8]);
    let width = u32::from_be_bytes(first[16..20].try_into().expect("four bytes"));
    let height = u32::from_be_bytes(first[20..24].try_into().expect("four bytes"));
    assert!(width == 1_760 && height > width, "{width} x {height}");
    assert!(first.len() > 50_000, "words and charts are on it: {} bytes", first.len());
    assert_eq!(first, report(&home, MONTH, "again.PNG"));
}

#[test]
fn what_is_asked_wrongly_is_told_with_the_fix_and_writes_nothing() {
    let home = imported();
    let folder = home.out().join("reports");
    fs::create_dir(&folder).expect("made");
    let old = folder.join("old.html");
    fs::write(&old, "old").expect("written");
    let at = |name: &str| folder.join(name).display().to_string();
    let missing = at("no/report.html");
    for (month, out, code, said) in [
        ("2026-13", at("old.html"), 1, "2026-13 is no month. Write year and month, as "),
        ("march", at("old.html"), 1, "march is no month"),
        ("2999-01", at("old.html"), 1, "2999-01 has not begun. Ask for a month up to "),
        (MONTH, at("report.pdf"), 2, "its name must end in .html or .png"),
        (MONTH, at("report"), 2, "its name must end in .html or .png"),
        (MONTH, missing, 1, "does not exist. Make it, or name another place with --out"),
    ] {
        let ran = home.weir(&["report", "--month", month, "--out", &out]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(said) && ran.stdout.is_empty(), "{ran:?}");
    }
    let dir = at("folder.html");
    fs::create_dir(&dir).expect("made");
    let ran = home.weir(&["report", "--month", MONTH, "--out", &dir]);
    assert!(ran.code == 1 && ran.stderr.contains("is a folder. Name a file in it"), "{ran:?}");
    assert_eq!(home.weir(&["report", "--month", MONTH]).code, 2);
    assert_eq!(fs::read_to_string(&old).expect("read"), "old");
    assert_eq!(names(&folder), ["folder.html", "old.html"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_named_and_no_part_of_a_file_is_left() {
    let home = imported();
    // A file of the kernel's own file system: even root may make none there.
    let ran = home.weir(&["report", "--month", MONTH, "--out", "/proc/report.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("cannot write /proc/report.html"), "{ran:?}");
    assert!(ran.stderr.contains("Name a place you may write to with --out"), "{ran:?}");
    // A new report takes the place of an old one whole, through a link as well.
    let (real, link) = (home.out().join("real.html"), home.out().join("link.html"));
    fs::write(&real, "old").expect("written");
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    report(&home, MONTH, "link.html");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    assert!(fs::read_to_string(&real).expect("read").starts_with("<!doctype html>"));
    assert!(!names(&home.out()).iter().any(|name| name.contains("draft")));
}

#[test]
fn a_month_is_the_month_where_the_user_is() {
    let mut home = home();
    home.set("TZ", "America/New_York");
    home.weir(&["import", "claude-code"]).ok();
    // Two o'clock in Greenwich on the first of April is still March in New York, and half past
    // midnight on the first of March is still February.
    let report = home.weir(&["report", "--month", MONTH, "--json"]).json();
    assert_eq!(report["unpriced_requests"], 3, "{report}");
    let february = home.weir(&["report", "--month", "2026-02", "--json"]).json();
    assert_eq!(february["requests"], 1, "{february}");
}

#[test]
fn a_report_is_the_same_with_and_without_a_running_server() {
    let mut rig = Rig::natural();
    for marker in ["one", "two"] {
        assert_eq!(rig.client().ask(Kind::Messages, false, marker).status, 200);
        rig.settled(marker);
    }
    let month = rig.home.weir(&["report", "--json"]).json()["month"].clone();
    let month = month.as_str().expect("a month").to_owned();
    let served = report(&rig.home, &month, "served.html");
    assert!(rig.weir.take().expect("it runs").stop().success());
    let alone = report(&rig.home, &month, "alone.html");
    assert_eq!(String::from_utf8_lossy(&served), String::from_utf8_lossy(&alone));
    rig.weir = Some(weir_tests::Weir::start(&rig.home));
}

#[test]
fn the_days_of_a_summary_are_a_line_of_blocks_for_people_and_numbers_for_programs() {
    // Old days begin the line, and a request of today stands at its end.
    let mut rig = Rig::natural();
    let folder = rig.home.user().join(".claude/projects/-home-a-weir");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("s.jsonl"), line(1, "2026-03-01T12:00:00.000Z", SONNET) + "\n")
        .expect("a log");
    rig.home.weir(&["import", "claude-code"]).ok();
    assert_eq!(rig.client().ask(Kind::Messages, false, "today").status, 200);
    rig.settled("today");
    let text = rig.home.weir(&["cost", "summary", "--period", "all"]).ok();
    let days = text.lines().find(|line| line.starts_with("Days")).expect(&text);
    assert!(days.contains('█') && days.chars().count() <= 80, "{text}");
    assert!(!text.contains('\u{1b}'), "no colour in a pipe");
    let json = rig.home.weir(&["cost", "summary", "--period", "all", "--json"]).ok();
    assert!(!json.contains('█') && !json.contains('▁'), "{json}");
    // The provider knows nothing of what was imported, so its books are not held against these.
    assert!(rig.weir.take().expect("it runs").stop().success());
}
