//! Writing one file whole or not at all: a draft beside it, then the name.
//! Owns what is said when that cannot be done.

use crate::out::{Done, Stop};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Whether a file could be written there, asked before any work is done for it. Nothing is made.
///
/// # Errors
/// What is in the way, with the fix.
pub fn writable(path: &Path) -> Done {
    if path.is_dir() {
        let inside = path.join("report.html");
        return Err(Stop::Failed(format!(
            "{} is a folder. Name a file in it: --out {}",
            path.display(),
            inside.display()
        )));
    }
    let folder = folder(path);
    if !folder.is_dir() {
        return Err(Stop::Failed(format!(
            "cannot write {}: the folder {} does not exist. Make it, or name another place with --out",
            path.display(),
            folder.display()
        )));
    }
    Ok(())
}

/// Writes a file. Whoever reads it sees the old one or the new one.
///
/// # Errors
/// What is in the way, with the fix. No draft is left.
pub fn replace(path: &Path, bytes: &[u8]) -> Done {
    // A link stays a link: what it points at is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = folder(&target).join(format!(".{name}.{}.draft", std::process::id()));
    let written = write(&draft, bytes).and_then(|()| fs::rename(&draft, &target));
    written.map_err(|cause| {
        let _ = fs::remove_file(&draft);
        Stop::Failed(said(path, &cause))
    })
}

fn write(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn said(path: &Path, cause: &io::Error) -> String {
    let fix = match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Make room, or name another place with --out"
        }
        _ => "Name a place you may write to with --out",
    };
    format!("cannot write {}: {cause}. {fix}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole_and_no_draft_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.html");
        for text in ["first", "second"] {
            replace(&path, text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
            assert_eq!(names(folder.path()), ["report.html"]);
        }
    }

    #[test]
    fn what_cannot_be_put_in_its_place_leaves_the_old_and_no_draft() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("taken");
        fs::create_dir(&path).expect("made");
        fs::write(path.join("inside"), "kept").expect("written");
        let stop = replace(&path, b"new").expect_err("a folder is in the way");
        assert!(matches!(stop, Stop::Failed(said) if said.contains("Name a place")));
        assert_eq!(names(folder.path()), ["taken"]);
        assert!(path.join("inside").exists());
    }

    #[test]
    fn a_folder_or_a_missing_one_is_told_before_any_work() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = |path: &Path| match writable(path) {
            Err(Stop::Failed(said)) => said,
            other => panic!("{other:?}"),
        };
        assert!(said(folder.path()).contains("is a folder. Name a file in it"));
        assert!(said(&folder.path().join("no/report.png")).contains("does not exist. Make it"));
        assert!(writable(Path::new("report.png")).is_ok());
        assert!(names(folder.path()).is_empty());
    }
}
