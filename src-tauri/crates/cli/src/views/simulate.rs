//! `weir simulate` and `weir cost shadow` as text: as it was, and as it would have been.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::{Comparison, ReplayGroup, ReplaySide, Span, Stamp, Zone};

/// The comparison.
pub fn comparison(found: &Comparison, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let mut out = heading(found, now, zone);
    if found.all.requests == 0 {
        if found.config.is_some() {
            out.push_str("No requests in this time.\n");
        } else {
            found.known.iter().for_each(|said| out.push_str(&sentence(said)));
        }
        return out;
    }
    out.push('\n');
    out.push_str(&sides(found).render(paint));
    for (title, groups) in [("tier", &found.tiers), ("task", &found.tasks)] {
        if groups.iter().any(|group| !group.key.is_empty()) {
            out.push('\n');
            out.push_str(&parts(title, groups).render(paint));
            out.push_str(&apart(groups));
        }
    }
    out.push('\n');
    found.known.iter().for_each(|said| out.push_str(&sentence(said)));
    out
}

/// One line for `weir status`.
pub fn line(found: &Comparison) -> String {
    let all = &found.all;
    if all.requests == 0 {
        return "Shadow   no request planned today yet. See: weir cost shadow\n".into();
    }
    let would = format!(
        "Shadow   today {} spent, about {} with routing{}, {} local. See: weir cost shadow",
        all.was.spent_usd.short(),
        all.would.spent_usd.short(),
        unpriced(all),
        share(&all.would)
    );
    words::wrap(&would, words::WIDTH, "         ")
}

fn sentence(text: &str) -> String {
    words::wrap(&words::plain(text), words::WIDTH, "")
}

fn heading(found: &Comparison, now: Stamp, zone: &Zone) -> String {
    let time = match (found.period, found.since) {
        (Some(Span::Day), _) => "Today".to_owned(),
        (Some(Span::Week), _) => "This week".to_owned(),
        (Some(Span::Month), _) => "This month".to_owned(),
        (_, Some(since)) => format!("Since {}", since.brief(now, zone)),
        (_, None) => "All time".to_owned(),
    };
    let than = match &found.config {
        Some(file) => format!("as it was and under {file}"),
        None => "as it was and as shadow mode planned".to_owned(),
    };
    words::wrap(&words::plain(&format!("{time}, {than}")), words::WIDTH, "")
}

fn share(side: &ReplaySide) -> String {
    side.local_share.map_or_else(|| "0 %".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// What stands in no comparison, for the end of a sum.
fn unpriced(group: &ReplayGroup) -> String {
    match group.uncompared_requests {
        0 => String::new(),
        n => format!(" (+ {} unpriced, not compared)", words::grouped(n)),
    }
}

/// What a side of so many requests cost; where no price is known of any, that is not nothing.
fn money(side: &ReplaySide, requests: u64) -> Cell {
    if requests > 0 && side.unpriced_requests == requests {
        return Cell::new("unpriced", Tone::Warn);
    }
    let about = if side.estimated_requests > 0 { "~" } else { "" };
    format!("{about}{}", side.spent_usd.short()).into()
}

fn sides(found: &Comparison) -> Table {
    let mut table = Table::new(&[("", Fit::Left), ("was", Fit::Right), ("would be", Fit::Right)]);
    let (was, would) = (&found.all.was, &found.all.would);
    let all = found.all.requests;
    table.row(["Spent".into(), money(was, all), money(would, all)]);
    table.row(["Local".into(), share(was).into(), share(would).into()]);
    let count = |n: u64| Cell::from(words::grouped(n));
    table.row(["Switches".into(), count(was.switches), count(would.switches)]);
    if was.unpriced_requests + would.unpriced_requests > 0 {
        let unpriced = |n: u64| Cell::new(words::grouped(n), Tone::Warn);
        let (was, would) = (was.unpriced_requests, would.unpriced_requests);
        table.row(["Unpriced".into(), unpriced(was), unpriced(would)]);
    }
    table.row(["Requests".into(), count(found.all.requests), count(found.all.requests)]);
    table
}

/// What of which group stands in no comparison: a line of its own, for a column more would cut the names.
fn apart(groups: &[ReplayGroup]) -> String {
    let apart = |group: &ReplayGroup| {
        format!("{} {}", name(group), words::grouped(group.uncompared_requests))
    };
    let of = groups.iter().filter(|group| group.uncompared_requests > 0).map(apart);
    let of: Vec<String> = of.collect();
    match of.is_empty() {
        true => String::new(),
        false => sentence(&format!("No price is known, so not compared: {}.", of.join(", "))),
    }
}

fn name(group: &ReplayGroup) -> String {
    match group.key.as_str() {
        "" => "(not judged)".to_owned(),
        key => key.replace('_', " "),
    }
}

fn parts(title: &'static str, groups: &[ReplayGroup]) -> Table {
    let all = columns(title, groups, true);
    // The switches stand above for all of them: where there is little room, the names are worth more.
    if all.cuts() { columns(title, groups, false) } else { all }
}

fn columns(title: &'static str, groups: &[ReplayGroup], switches: bool) -> Table {
    let columns = [
        (title, Fit::Cut(8)),
        ("requests", Fit::Right),
        ("spent", Fit::Point),
        ("would be", Fit::Point),
        ("saved", Fit::Point),
        ("local", Fit::Right),
        ("would be", Fit::Right),
        ("switches", Fit::Right),
    ];
    let shown = columns.len() - usize::from(!switches);
    let mut table = Table::new(&columns[..shown]);
    for group in groups {
        let tone = if group.key.is_empty() { Tone::Quiet } else { Tone::Plain };
        let saved = match group.uncompared_requests == group.requests {
            true => Cell::new("unpriced", Tone::Warn),
            false => {
                let dearer = group.saved_usd.nano() < 0;
                Cell::new(group.saved_usd.short(), if dearer { Tone::Warn } else { Tone::Plain })
            }
        };
        let cells = [
            Cell::new(name(group), tone),
            words::grouped(group.requests).into(),
            money(&group.was, group.requests),
            money(&group.would, group.requests),
            saved,
            share(&group.was).into(),
            share(&group.would).into(),
            words::grouped(group.would.switches).into(),
        ];
        table.row(cells.into_iter().take(shown));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;

    #[test]
    fn both_sides_stand_beside_each_other_and_what_is_worked_out_says_so() {
        let expected = "\
Since 23 Oct, as it was and under ./tiered.toml

             was  would be
Spent     $13.80   ~$10.03
Local        0 %      40 %
Switches       2         6
Requests     300       300

tier          requests  spent  would be   saved  local  would be  switches
high               100  $9.50     $9.50   $0       0 %       0 %         2
low                180  $4.10    ~$0.32   $3.78    0 %      40 %         4
(not judged)        20  $0.20    ~$0.21  -$0.01    0 %       0 %         0

task                requests  spent  would be  saved  local  would be  switches
question answering       180  $4.10    ~$0.32  $3.78    0 %      40 %         4

Estimated: what would have gone elsewhere is priced by its tokens.
";
        let shown =
            comparison(&samples::comparison(), samples::now(), &samples::zone(), Paint::OFF);
        assert_eq!(shown, expected);
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH));
    }

    #[test]
    fn what_has_no_price_on_one_side_is_neither_free_nor_saved() {
        let mut found = samples::comparison();
        let low = &mut found.tiers[1];
        (low.would.unpriced_requests, low.uncompared_requests) = (180, 180);
        found.tiers[0].would.unpriced_requests = 2;
        found.tiers[0].uncompared_requests = 2;
        let shown = comparison(&found, samples::now(), &samples::zone(), Paint::OFF);
        let tiers: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("tier")).collect();
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(tiers[0].ends_with("switches"), "{shown}");
        let expected = ["high", "100", "$9.50", "$9.50", "$0", "0", "%", "0", "%", "2"];
        assert_eq!(cells(tiers[1]), expected, "{shown}");
        let expected = ["low", "180", "$4.10", "unpriced", "unpriced", "0", "%", "40", "%", "4"];
        assert_eq!(cells(tiers[2]), expected, "{shown}");
        let apart = "No price is known, so not compared: high 2, low 180.\n";
        assert!(shown.contains(apart), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
        found.all.uncompared_requests = 180;
        assert!(line(&found).contains("routing (+ 180 unpriced, not\n"), "{}", line(&found));
    }

    #[test]
    fn the_name_of_a_task_is_whole_also_beside_large_sums_and_where_some_have_no_price() {
        let mut found = samples::comparison();
        let usd = |text: &str| text.parse().unwrap();
        let one = |key: &str, uncompared_requests| {
            let mut group = found.tasks[0].clone();
            (group.key, group.requests) = (key.into(), 12_345);
            group.was.spent_usd = usd("1234.56");
            group.would.spent_usd = usd("1200.56");
            (group.saved_usd, group.uncompared_requests) = (usd("-1034.01"), uncompared_requests);
            group
        };
        let longest = ["question_answering", "code_explanation", "code_completion"];
        for tasks in [longest.map(|key| one(key, 0)), longest.map(|key| one(key, 12_345))] {
            found.tasks = tasks.to_vec();
            let shown = comparison(&found, samples::now(), &samples::zone(), Paint::OFF);
            for group in &found.tasks {
                let name = group.key.replace('_', " ");
                let whole = |line: &str| line.starts_with(&name);
                assert!(shown.lines().any(whole), "{name}: {shown}");
            }
            assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
        }
    }

    #[test]
    fn without_a_shadow_there_is_a_sentence_instead_of_a_table() {
        let mut none = samples::comparison();
        none.all.requests = 0;
        none.config = None;
        none.period = Some(Span::Day);
        none.known = vec!["Shadow mode is off.".into()];
        let shown = comparison(&none, samples::now(), &samples::zone(), Paint::OFF);
        assert_eq!(shown, "Today, as it was and as shadow mode planned\nShadow mode is off.\n");
        assert!(line(&none).contains("no request planned today"));
        let one = line(&samples::comparison());
        assert!(
            one.starts_with("Shadow   today $13.80 spent, about $10.03 with routing, 40 % local")
        );
    }
}
