//! Named configurations: `default` is config.toml itself, every other one a file in `profiles/`, and
//! one small file names the one in use. Using one is one atomic write, after it was checked whole;
//! nothing is copied, so an edit belongs to the profile that is in use.

use crate::api::{ApiProblem, Code, ProfileRow, Profiles};
use crate::config::{self, Config, ConfigProblem};
use crate::desk::problem::{bad, not_found};
use crate::home::{Home, replace_private};
use crate::routing::Routing;
use std::io;
use std::path::PathBuf;

/// What config.toml is called among profiles.
pub const DEFAULT: &str = "default";
/// Longest name of a profile.
const NAME_CHARS_MAX: usize = 32;
/// Profiles listed at most.
const PROFILES_MAX: usize = 100;
/// The file that names one is no longer than this.
const NAMED_BYTES_MAX: u64 = 256;

/// The profile in use; `None` for config.toml. What the file holds is not trusted: anything but a
/// name becomes one that no file has, which is told and never taken for the default.
pub fn in_use(home: &Home) -> Option<String> {
    let file = home.profile_in_use();
    let found = std::fs::metadata(&file).ok()?;
    let text = match found.len() {
        0..=NAMED_BYTES_MAX => std::fs::read_to_string(&file).unwrap_or_default(),
        _ => String::new(),
    };
    let name = text.trim();
    match name {
        DEFAULT => None,
        name if plain(name) => Some(name.to_owned()),
        _ => Some("unreadable name".to_owned()),
    }
}

/// The configuration that is in use.
///
/// # Errors
/// Every problem of the file; also when it is a profile's and is gone.
pub fn load(home: &Home) -> Result<Config, ConfigProblem> {
    let path = home.config();
    match in_use(home) {
        Some(name) if !path.exists() => Err(ConfigProblem::Gone { name, path }),
        _ => Config::load(&path),
    }
}

/// Every profile, `default` first.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn list(home: &Home) -> Result<Profiles, ApiProblem> {
    let now = in_use(home);
    let mut names = Vec::new();
    let folder = home.profiles();
    match std::fs::read_dir(&folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(&folder.display(), "read", &e)),
        Ok(entries) => names.extend(entries.flatten().take(PROFILES_MAX).filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".toml").filter(|name| plain(name)).map(str::to_owned)
        })),
    }
    names.sort_unstable();
    let in_use = now.unwrap_or_else(|| DEFAULT.to_owned());
    let row = |name: &str| {
        let file = file(home, name);
        ProfileRow {
            name: name.to_owned(),
            in_use: name == in_use,
            problem: Config::load(&file).err().map(|problem| problem.to_string()),
            file: file.display().to_string(),
        }
    };
    let mut profiles: Vec<ProfileRow> = vec![row(DEFAULT)];
    profiles.extend(names.iter().map(|name| row(name)));
    Ok(Profiles { in_use, profiles })
}

/// Puts a profile in force, or with no engine in its place for the next start. A profile that does
/// not hold changes nothing.
///
/// # Errors
/// Every problem of its file with line and fix; also when there is none of that name.
pub fn choose(home: &Home, routing: Option<&Routing>, name: &str) -> Result<(), ApiProblem> {
    let path = known(home, name)?;
    let text = config::read_file(&path).map_err(|e| refused(name, &e))?.unwrap_or_default();
    let holds = match routing {
        Some(routing) => routing.would_hold(&path, &text),
        None => Config::parse(&path, &text).map(drop),
    };
    holds.map_err(|problem| refused(name, &problem))?;
    let before = in_use(home);
    point(home, name)?;
    let Some(routing) = routing else { return Ok(()) };
    routing.reload().map_err(|problem| {
        // It was edited between the two looks.
        let back = point(home, before.as_deref().unwrap_or(DEFAULT)).and_then(|()| {
            routing.reload().map_err(|e| ApiProblem::new(Code::Config, e.to_string()))
        });
        let said = back.err().map(|e| format!("\n{e}")).unwrap_or_default();
        ApiProblem::new(Code::Config, format!("{name} is not used:\n{problem}{said}"))
    })
}

fn refused(name: &str, problem: &ConfigProblem) -> ApiProblem {
    let text = format!("the profile {name} does not hold, so nothing was changed:\n{problem}");
    ApiProblem::new(Code::Config, text)
}

/// Makes a profile that begins as a copy of the configuration in use.
///
/// # Errors
/// A name that is none or is taken, or a folder that cannot be written.
pub fn add(home: &Home, name: &str) -> Result<(), ApiProblem> {
    if !plain(name) || name == DEFAULT {
        return Err(bad(format!(
            "{name:?} is no name for a profile. Use small letters, digits, - and _, at most \
             {NAME_CHARS_MAX}, such as work"
        )));
    }
    let path = file(home, name);
    if path.exists() {
        let text = format!("there is a profile called {name} already: {}", path.display());
        return Err(ApiProblem::new(Code::Exists, text));
    }
    let text = config::read_file(&home.config()).map_err(bad)?.unwrap_or_default();
    home.make_profiles().map_err(|e| failed(&home.profiles().display(), "make", &e))?;
    replace_private(&path, text.as_bytes()).map_err(|e| failed(&path.display(), "write", &e))
}

fn known(home: &Home, name: &str) -> Result<PathBuf, ApiProblem> {
    let path = file(home, name);
    if name == DEFAULT || (plain(name) && path.is_file()) {
        return Ok(path);
    }
    let all = list(home)?.profiles;
    let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
    Err(not_found(format!(
        "no profile is called {name}. Known: {}. Make one from what is in use: weir profile add {}",
        names.join(", "),
        if plain(name) { name } else { "NAME" }
    )))
}

fn point(home: &Home, name: &str) -> Result<(), ApiProblem> {
    let file = home.profile_in_use();
    let done = match name {
        DEFAULT => match std::fs::remove_file(&file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        },
        name => replace_private(&file, format!("{name}\n").as_bytes()),
    };
    done.map_err(|e| failed(&file.display(), "write", &e))
}

fn file(home: &Home, name: &str) -> PathBuf {
    match name {
        DEFAULT => home.default_config(),
        name => home.profiles().join(format!("{name}.toml")),
    }
}

fn plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(plain)
}

fn failed(what: &impl std::fmt::Display, verb: &str, cause: &io::Error) -> ApiProblem {
    let text = format!("cannot {verb} {what}: {cause}. Make it writable for this user");
    ApiProblem::new(Code::Internal, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::write(home.default_config(), "# mine\n[server]\nport = 9400\n").unwrap();
        (dir, home)
    }

    #[test]
    fn a_new_profile_is_what_is_in_use_byte_for_byte_and_a_name_is_used_once() {
        let (_dir, home) = home();
        assert_eq!(in_use(&home), None);
        add(&home, "work").unwrap();
        let text = std::fs::read_to_string(home.profiles().join("work.toml")).unwrap();
        assert_eq!(text, "# mine\n[server]\nport = 9400\n");
        assert_eq!(add(&home, "work").unwrap_err().code, Code::Exists);
        for name in ["default", "", "Work", "a/b", "..", "a b", &"x".repeat(33)] {
            assert_eq!(add(&home, name).unwrap_err().code, Code::BadRequest, "{name}");
        }
        let listed = list(&home).unwrap();
        let names: Vec<_> = listed.profiles.iter().map(|p| (p.name.as_str(), p.in_use)).collect();
        assert_eq!(names, [("default", true), ("work", false)]);
    }

    #[test]
    fn a_profile_in_use_that_is_gone_or_misnamed_is_told_and_never_taken_for_the_default() {
        let (_dir, home) = home();
        for text in ["gone\n", "../../etc/passwd\n", "", "a b\n", &"y".repeat(400)] {
            std::fs::write(home.profile_in_use(), text).unwrap();
            let said = load(&home).unwrap_err().to_string();
            assert!(said.contains("weir profile use default"), "{text:?}: {said}");
        }
        std::fs::write(home.profile_in_use(), "default\n").unwrap();
        assert_eq!(load(&home).unwrap().port, 9400);
    }
}
