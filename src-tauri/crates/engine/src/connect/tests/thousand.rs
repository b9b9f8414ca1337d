//! A thousand settings files: connected and put back, edited in between, killed and cut off at
//! every step. None may be broken, and every one that nobody edited comes back byte for byte.

use super::grammar::{self, Chance};
use super::*;
use crate::connect::document::Format;

/// Settings files over all tools.
const FILES: u64 = 1_000;
/// Of them, those that are also killed after each step, and those that lose the power there or are killed
/// while they are connected again. `WEIR_FILES` sets another number for all three.
const KILLED: u64 = 210;
const CUT: u64 = 70;

fn files_or(usual: u64) -> u64 {
    std::env::var("WEIR_FILES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// The figures of a whole run, for whoever asked for one.
#[expect(clippy::print_stderr, reason = "the figures of a run are worth reading")]
fn report(files: u64, what: &str, kills: usize) {
    eprintln!("{files} files, {what}: {kills} times, none broken");
}

fn text(tool: Tool, seed: u64) -> String {
    match format(tool) {
        Format::Toml => grammar::toml(seed),
        Format::Yaml => grammar::yaml(seed),
        Format::Dotenv => grammar::dotenv(seed),
        _ => grammar::json(seed),
    }
}

fn format(tool: Tool) -> Format {
    match tool {
        Tool::Codex => Format::Toml,
        Tool::GeminiCli => Format::Dotenv,
        Tool::Aider | Tool::Continue => Format::Yaml,
        _ => Format::Json,
    }
}

/// The settings beside the first file that a tool is set up in too, where it has a second.
fn beside(tool: Tool) -> Option<&'static Path> {
    (tool == Tool::GeminiCli).then_some(Path::new("/home/u/.gemini/settings.json"))
}

/// What a user has in that second file: any settings, a way to sign in of his own, or no file at all.
fn second(seed: u64) -> Option<String> {
    match seed % 3 {
        0 => None,
        1 => Some(grammar::json(seed)),
        _ => {
            let own = if seed.is_multiple_of(2) { "oauth-personal" } else { "vertex-ai" };
            Some(format!(
                "{{\r\n\t// mine\r\n\t\"security\": {{ \"auth\": {{ \"selectedType\": \"{own}\" }} }},\r\n\t\"n\": {seed},\r\n}}\r\n"
            ))
        }
    }
}

/// A user with every file of a tool as the seed has it.
fn prepared(tool: Tool, seed: u64) -> World {
    let world = World::new();
    world.put(tool, text(tool, seed));
    if let (Some(path), Some(text)) = (beside(tool), second(seed)) {
        world.disk.put(path, text.as_bytes(), 0o640);
    }
    world
}

/// The second file as it is now.
fn second_now(world: &World, tool: Tool) -> Option<String> {
    let bytes = world.disk.read(beside(tool)?).unwrap()?;
    Some(String::from_utf8(bytes).unwrap())
}

/// Every tool that has a file.
const TOOLS: [Tool; 7] = [
    Tool::ClaudeCode,
    Tool::Codex,
    Tool::GeminiCli,
    Tool::Opencode,
    Tool::Aider,
    Tool::Zed,
    Tool::Continue,
];

/// A thousand files over all tools: each tool has its own share of the seeds.
fn share(tool: Tool, of: u64) -> impl Iterator<Item = u64> {
    let nth = TOOLS.iter().position(|known| *known == tool).unwrap_or_default();
    (nth as u64..of).step_by(TOOLS.len())
}

#[test]
fn the_grammar_makes_files_that_can_be_read() {
    for tool in TOOLS {
        for seed in share(tool, FILES) {
            let text = text(tool, seed);
            assert!(
                format(tool).read(&text).is_ok(),
                "{tool:?} {seed}: {:?}\n{text}",
                format(tool).read(&text)
            );
        }
    }
}

#[test]
fn a_thousand_files_come_back_byte_for_byte() {
    let mut refused = 0;
    for tool in TOOLS {
        for seed in share(tool, FILES) {
            let world = prepared(tool, seed);
            let before = world.disk.picture(Path::new("/weir"));
            match world.connect(tool) {
                Ok(report) => {
                    assert!(!report.unchanged);
                    let connected = world.text(tool);
                    assert!(format(tool).read(&connected).is_ok(), "{connected}");
                    assert!(
                        world.connect(tool).unwrap().unchanged,
                        "{tool:?} {seed}: twice is once"
                    );
                    assert_eq!(world.text(tool), connected);
                    let token = tokens_in(&connected)[0];
                    assert!(world.purse.opens(token));
                    let report = world.disconnect(tool).unwrap();
                    assert!(report.files.iter().all(|file| file.exact), "{report:?}");
                }
                Err(ConnectProblem::Unfit { .. }) => refused += 1,
                Err(other) => panic!("{tool:?} {seed}: {other}"),
            }
            assert_eq!(world.disk.picture(Path::new("/weir")), before, "{tool:?} {seed}");
            assert!(!world.disk.is_there(Path::new("/weir/tools")), "the journal is gone");
        }
    }
    assert!(refused < 100, "{refused} of 1000 were refused");
}

#[test]
fn files_that_were_edited_meanwhile_keep_the_edit_and_lose_only_weirs_keys() {
    let mut edits = 0;
    for tool in TOOLS {
        for seed in share(tool, FILES) {
            let world = prepared(tool, seed);
            let own = second_now(&world, tool);
            let original = text(tool, seed);
            if world.connect(tool).is_err() {
                continue;
            }
            let mut chance = Chance::new(seed);
            let connected = world.text(tool);
            let Some((edited, expected)) = edit(&mut chance, format(tool), &connected, &original)
            else {
                continue;
            };
            edits += 1;
            world.put(tool, &edited);
            let report = world.disconnect(tool).unwrap();
            let back = world.text(tool);
            assert_eq!(second_now(&world, tool), own, "{tool:?} {seed}: nobody edited this one");
            assert!(!report.files[0].exact);
            assert_eq!(report.files[0].keys, Vec::<String>::new(), "nothing of Weir's is kept");
            let (said, meant) =
                (format(tool).read(&back).unwrap(), format(tool).read(&expected).unwrap());
            assert_eq!(said, meant, "{tool:?} {seed}\n{original}\n---\n{edited}\n---\n{back}");
            assert_eq!(tokens_in(&back), Vec::<&str>::new());
            assert_eq!(back, expected, "{tool:?} {seed}: the edit's own bytes");
        }
    }
    assert!(edits > 600, "{edits}");
}

/// The same edit of both texts: a line of the user's own at a place that both have.
fn edit(
    chance: &mut Chance,
    format: Format,
    connected: &str,
    original: &str,
) -> Option<(String, String)> {
    let mark = if original.starts_with('\u{feff}') { 3 } else { 0 };
    let put = |text: &str, at: usize, own: &str| [&text[..at], own, &text[at..]].concat();
    let both = |own: &str, at: [usize; 2]| (put(connected, at[0], own), put(original, at[1], own));
    let made = match (format, chance.below(3)) {
        (Format::Toml, 0) => both("# mine\n", [mark, mark]),
        (Format::Toml, 1) => both("\n[mine]\nfine = true\n", [connected.len(), original.len()]),
        (Format::Toml, _) => {
            let at = original.rfind("\n[")?;
            both("\n[mine]\nfine = true", [connected.find(&original[at..])?, at])
        }
        (Format::Yaml | Format::Dotenv, n) if n == 0 || !original.ends_with('\n') => {
            both("# mine\n", [mark, mark])
        }
        (Format::Yaml, _) => both("mine-too: 1\n", [connected.len(), original.len()]),
        (Format::Dotenv, _) => both("MINE_TOO=1\n", [connected.len(), original.len()]),
        (_, 0) => both("// mine\n", [mark, mark]),
        (_, 1) => both("// mine\n", [connected.rfind('}')?, original.rfind('}')?]),
        _ => {
            let own = if original.contains(':') { "\"mine\": true," } else { "/* mine */" };
            both(own, [connected.find('{')? + 1, original.find('{')? + 1])
        }
    };
    (format.read(&made.0).is_ok() && format.read(&made.1).is_ok()).then_some(made)
}

/// Ends the process after every number of steps of `what`, with or without the power going too,
/// and restores.
fn cut_off_everywhere(tool: Tool, seed: u64, power: bool) -> usize {
    let whole = prepared(tool, seed);
    let own = second_now(&whole, tool);
    let before = whole.disk.picture(Path::new("/weir"));
    if whole.connect(tool).is_err() {
        return 0;
    }
    let connecting = whole.disk.steps();
    let after = whole.text(tool).len();
    let second = second_now(&whole, tool);
    whole.disconnect(tool).unwrap();
    let total = whole.disk.steps();
    for steps in 0..total {
        let world = prepared(tool, seed);
        world.disk.live_for(steps);
        let connected = world.connect(tool);
        assert_eq!(connected.is_ok(), steps >= connecting);
        if connected.is_ok() {
            // What stands after the tool's own files is the entry at login, of which only the log tells.
            let done = world.disconnect(tool).is_ok();
            assert!(!done || world.text(tool) == text(tool, seed), "{tool:?} {seed} {steps}");
        }
        world.disk.revive();
        if power {
            world.disk.lose_power();
        }
        // The old file or the new one, never a part.
        let now = world.text(tool);
        assert!(now == text(tool, seed) || now.len() == after, "{tool:?} {seed} {steps}:\n{now}");
        let now = second_now(&world, tool);
        assert!(now == own || now == second, "{tool:?} {seed} {steps}:\n{now:?}");
        world.disconnect(tool).unwrap();
        let drafts = world.disk.picture(Path::new("/weir"));
        assert_eq!(drafts, before, "{tool:?} {seed}, killed after {steps} of {total}");
        assert_eq!(world.purse.names(), Vec::<String>::new(), "no token is left");
    }
    total
}

#[test]
fn killed_after_any_step_every_file_is_whole_and_comes_back() {
    let kills = std::thread::scope(|scope| {
        let all = TOOLS.map(|tool| {
            scope.spawn(move || {
                let files = share(tool, files_or(KILLED));
                let kills: usize = files.map(|seed| cut_off_everywhere(tool, seed, false)).sum();
                assert!(kills > 300, "{tool:?}: {kills}");
                kills
            })
        });
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    report(files_or(KILLED), "killed after each step", kills);
}

#[test]
fn without_power_after_any_step_every_file_is_whole_and_comes_back() {
    let mut all = 0;
    for tool in TOOLS {
        let files = share(tool, files_or(CUT));
        let kills: usize = files.map(|seed| cut_off_everywhere(tool, seed, true)).sum();
        assert!(kills > 100, "{tool:?}: {kills}");
        all += kills;
    }
    report(files_or(CUT), "without power after each step", all);
}

#[test]
fn killed_while_it_is_connected_again_every_file_comes_back() {
    let mut all = 0;
    for tool in TOOLS {
        for seed in share(tool, files_or(CUT)) {
            let mut steps = 0;
            loop {
                let mut world = prepared(tool, seed);
                let before = world.disk.picture(Path::new("/weir"));
                if world.connect(tool).is_err() {
                    break;
                }
                world.gateway.port = 9400;
                world.disk.live_for(steps);
                let again = world.connect(tool);
                world.disk.revive();
                world.disconnect(tool).unwrap();
                assert_eq!(
                    world.disk.picture(Path::new("/weir")),
                    before,
                    "{tool:?} {seed} {steps}"
                );
                if again.is_ok() {
                    break;
                }
                steps += 1;
            }
            all += steps;
        }
    }
    assert!(all > 300, "{all}");
    report(files_or(CUT), "killed while connected again", all);
}
