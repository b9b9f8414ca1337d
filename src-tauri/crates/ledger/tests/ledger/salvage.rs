//! A damaged ledger: refused as it is, kept as a copy, and carried over row by row.

use crate::fixture::{Home, NOON_MS, id, reserve, settle};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use weir_core::Money;
use weir_core::budget::Scope;
use weir_ledger::{
    DayRange, Dimension, Ledger, OpenProblem, ReadProblem, RequestRow, Salvaged, Totals, salvage,
};

const ROWS: u32 = 4_000;
const PAGE: usize = 4096;

/// A ledger of four thousand requests with every kind of row, closed.
fn filled() -> (Home, Totals) {
    let home = Home::new();
    let ledger = home.open();
    ledger.add_client("codex", &[7; 32], NOON_MS).expect("added");
    let session: Vec<String> = (0..200).map(|n| format!("session-{n}")).collect();
    for n in 0..ROWS {
        let attempts = if n % 9 == 0 { 2 } else { 1 };
        for attempt in 1..=attempts {
            let mut row = reserve(id(n), attempt);
            row.session = Some(&session[(n / 20) as usize]);
            row.provider = if attempt == 1 { "anthropic" } else { "openai" };
            row.uncounted = n % 50 == 3;
            ledger.reserve(&row).expect("reserved");
            ledger.settle(settle(id(n), attempt));
        }
    }
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    drop(ledger);
    (home, totals)
}

fn mend(home: &Home) -> Salvaged {
    salvage(&home.path(), &TimeZone::UTC, NOON_MS).expect("salvaged")
}

fn rows(ledger: &Ledger) -> Vec<RequestRow> {
    ledger.export(0, i64::MAX).collect::<Result<_, _>>().expect("read")
}

/// Overwrites bytes of the file.
pub fn harm(path: &Path, from: usize, bytes: &[u8]) {
    let mut file = std::fs::read(path).expect("read");
    file[from..from + bytes.len()].copy_from_slice(bytes);
    std::fs::write(path, file).expect("written");
}

/// The leaf pages of a table, by SQLite's own account.
pub fn leaves(path: &Path, table: &str) -> Vec<usize> {
    let conn = rusqlite::Connection::open(path).expect("opens");
    let mut select = conn
        .prepare("SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY path")
        .expect("prepared");
    let found = select.query_map([table], |r| r.get::<_, i64>(0)).expect("asked");
    found.map(|n| n.expect("a number") as usize).collect()
}

fn damaged(path: &Path) -> bool {
    let opened = Ledger::open(path, TimeZone::UTC, NOON_MS).map(|_| ());
    matches!(opened, Err(OpenProblem::Damaged { .. }))
}

fn copies(home: &Home) -> Vec<PathBuf> {
    let files = std::fs::read_dir(home.dir.path()).expect("listed");
    let paths = files.map(|f| f.expect("listed").path());
    paths.filter(|p| p.to_string_lossy().contains(".damaged-")).collect()
}

#[test]
fn a_healthy_ledger_is_carried_over_whole_and_its_sums_come_out_the_same() {
    let (home, before) = filled();
    let ledger = home.open();
    let (old, by_model) =
        (rows(&ledger), ledger.by(DayRange::ALL, Dimension::Provider, &Scope::default()));
    drop(ledger);
    let found = mend(&home);
    assert!(found.whole);
    assert_eq!((found.reserves, found.settles), (4_445, 4_445));
    assert_eq!((found.clients, found.without_reserve), (1, 0));
    let ledger = home.open();
    assert_eq!(rows(&ledger), old);
    assert_eq!(ledger.totals(DayRange::ALL, &Scope::default()), Ok(before));
    assert_eq!(ledger.by(DayRange::ALL, Dimension::Provider, &Scope::default()), by_model);
    assert_eq!(ledger.clients().expect("listed")[0].name, "codex");
}

#[test]
fn a_file_of_garbage_is_refused_as_damaged_and_kept_when_a_new_ledger_takes_its_place() {
    let home = Home::new();
    let garbage: Vec<u8> = (0..20_000u32).map(|n| (n * 7 + n / 13) as u8).collect();
    std::fs::write(home.path(), &garbage).expect("written");
    let problem = Ledger::open(&home.path(), TimeZone::UTC, NOON_MS).map(|_| ());
    let text = problem.expect_err("damaged").to_string();
    assert!(text.contains("weir.db") && text.contains("weir doctor --salvage"), "{text}");
    assert_eq!(std::fs::read(home.path()).expect("read"), garbage, "refusing changes nothing");
    let found = mend(&home);
    assert_eq!((found.reserves, found.settles), (0, 0));
    assert_eq!(std::fs::read(&found.copy).expect("read"), garbage);
    assert_eq!(copies(&home), [found.copy]);
    home.open().reserve(&reserve(id(1), 1)).expect("the new ledger works");
}

#[test]
fn a_header_of_zeros_costs_no_row() {
    let (home, before) = filled();
    harm(&home.path(), 0, &[0; 100]);
    assert!(damaged(&home.path()));
    let found = mend(&home);
    assert!(!found.whole);
    assert_eq!((found.reserves, found.settles, found.clients), (4_445, 4_445, 1));
    assert_eq!(home.open().totals(DayRange::ALL, &Scope::default()), Ok(before));
}

#[test]
fn a_first_page_of_garbage_costs_no_row() {
    let (home, before) = filled();
    harm(&home.path(), 0, &[0x5a; PAGE]);
    assert!(damaged(&home.path()));
    assert_eq!(mend(&home).reserves, 4_445);
    assert_eq!(home.open().totals(DayRange::ALL, &Scope::default()), Ok(before));
}

#[test]
fn pages_that_cannot_be_read_cost_their_own_rows_and_no_others() {
    let (home, _) = filled();
    let pages = leaves(&home.path(), "reserve");
    let mut lost = 0;
    for at in [0, pages.len() / 3, pages.len() / 2, pages.len() / 2 + 1, pages.len() - 1] {
        let page = (pages[at] - 1) * PAGE;
        let file = std::fs::read(home.path()).expect("read");
        lost += u64::from(u16::from_be_bytes([file[page + 3], file[page + 4]]));
        harm(&home.path(), page, &[0xff; PAGE]);
    }
    assert!(damaged(&home.path()));
    let found = mend(&home);
    assert!(!found.whole);
    assert_eq!(found.reserves, 4_445 - lost);
    assert_eq!(found.settles, 4_445, "no settlement was on a bad page");
    assert_eq!(found.without_reserve, 4_445 - found.reserves);
    let ledger = home.open();
    let spent: i64 = rows(&ledger)
        .iter()
        .flat_map(|r| &r.attempts)
        .filter(|a| !a.uncounted)
        .map(|a| a.cost.expect("priced").nano())
        .sum();
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!(totals.spent, Money::from_nano(spent));
    let first = ledger.request(id(0)).expect("read").expect("its settlement was readable");
    assert_eq!((first.client.as_str(), first.last().reserved), ("(lost)", None));
}

#[test]
fn a_file_cut_short_keeps_what_is_left_of_it() {
    let (home, _) = filled();
    let whole = std::fs::read(home.path()).expect("read");
    std::fs::write(home.path(), &whole[..whole.len() * 2 / 3]).expect("written");
    assert!(damaged(&home.path()));
    let found = mend(&home);
    assert!(!found.whole);
    // Tables grow side by side, so two thirds of the file hold two thirds of the rows.
    assert!(found.reserves > 4_445 / 2 && found.settles > 4_445 / 2, "{found:?}");
    home.open().reserve(&reserve(id(90_000), 1)).expect("the new ledger works");
}

#[test]
fn a_lost_root_costs_no_row() {
    let (home, before) = filled();
    let conn = rusqlite::Connection::open(home.path()).expect("opens");
    let roots = "SELECT rootpage FROM sqlite_schema WHERE name IN ('reserve', 'settle')";
    let mut select = conn.prepare(roots).expect("prepared");
    let roots: Vec<i64> =
        select.query_map([], |r| r.get(0)).expect("asked").map(|n| n.expect("a number")).collect();
    drop(select);
    drop(conn);
    assert_eq!(roots.len(), 2);
    for root in roots {
        harm(&home.path(), (root as usize - 1) * PAGE, &[0; PAGE]);
    }
    assert!(damaged(&home.path()));
    let found = mend(&home);
    // A root holds a few rows itself.
    assert!(found.reserves > 4_440 && found.settles > 4_440, "{found:?}");
    let totals = home.open().totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert!(totals.requests.abs_diff(before.requests) < 5);
}

#[test]
fn rows_that_only_the_log_has_are_carried_over_and_a_removed_tool_stays_removed() {
    let home = Home::new();
    let ledger = home.open();
    ledger.add_client("codex", &[7; 32], NOON_MS).expect("added");
    ledger.add_client("aider", &[8; 32], NOON_MS).expect("added");
    ledger.touch_client("aider", NOON_MS).expect("touched");
    ledger.remove_client("codex", NOON_MS + 1).expect("removed");
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    ledger.flush().expect("written");
    // The files as a kill leaves them, with most in the log.
    let other = Home::new();
    for suffix in ["weir.db", "weir.db-wal"] {
        std::fs::copy(home.dir.path().join(suffix), other.dir.path().join(suffix)).expect("copied");
    }
    let header = std::fs::read(other.path()).expect("read").len().min(100);
    harm(&other.path(), 0, &vec![0; header]);
    let found = mend(&other);
    assert_eq!((found.reserves, found.settles, found.clients), (1, 1, 2));
    assert_eq!(other.open().clients(), ledger.clients());
}

#[test]
fn lost_settlements_become_orphans_at_their_estimate() {
    let (home, _) = filled();
    let pages = leaves(&home.path(), "settle");
    harm(&home.path(), (pages[5] - 1) * PAGE, &[0xff; PAGE]);
    let found = mend(&home);
    assert_eq!(found.reserves, 4_445);
    let (ledger, opened) = home.open_at(NOON_MS);
    assert_eq!(opened.orphans, 4_445 - found.settles);
    assert!(opened.orphans > 10);
    assert_eq!(ledger.totals(DayRange::ALL, &Scope::default()).expect("totals").open, 0);
}

#[test]
fn lost_names_are_named_lost_and_given_to_nothing_else() {
    let (home, _) = filled();
    for page in leaves(&home.path(), "name") {
        harm(&home.path(), (page - 1) * PAGE, &[0xff; PAGE]);
    }
    mend(&home);
    let ledger = home.open();
    let mut row = reserve(id(90_000), 1);
    row.client = "a new tool";
    ledger.reserve(&row).expect("reserved");
    let old = ledger.request(id(1)).expect("read").expect("known");
    assert!(old.client.starts_with("(lost"), "{}", old.client);
    let new = ledger.request(id(90_000)).expect("read").expect("known");
    assert_eq!(new.client, "a new tool");
}

#[test]
fn a_bad_byte_anywhere_never_panics_and_never_blocks_a_salvage() {
    let (home, before) = filled();
    let whole = std::fs::read(home.path()).expect("read");
    let mut dice: u64 = 0x51ed_270b;
    for round in 0..60 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let at = (dice % (whole.len() as u64 - 8)) as usize;
        std::fs::write(home.path(), &whole).expect("written");
        harm(&home.path(), at, &dice.to_be_bytes());
        let named = match Ledger::open(&home.path(), TimeZone::UTC, NOON_MS) {
            Err(problem) => {
                assert!(problem.to_string().contains("weir.db"), "{problem}");
                true
            }
            Ok((ledger, _)) => matches!(ledger.check(), Err(ReadProblem::Damaged { .. })),
        };
        // Not every byte is checked by SQLite: a changed digit of an amount is a valid row.
        let found = mend(&home);
        let totals = home.open().totals(DayRange::ALL, &Scope::default()).expect("totals");
        assert_eq!(found.whole, !named);
        if found.whole {
            assert!(totals.attempts.abs_diff(before.attempts) <= 1, "round {round} at {at}");
        }
        for file in std::fs::read_dir(home.dir.path()).expect("listed") {
            std::fs::remove_file(file.expect("listed").path()).expect("removed");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_salvaged_ledger_and_its_copy_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    drop(home.open());
    let salvaged = mend(&home);
    for file in [home.path(), salvaged.copy] {
        let mode = std::fs::metadata(&file).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}
