//! The size the window had when it was last changed, kept in the home as `1000x680`.
//! A file that cannot be read or written costs nothing but the memory of it.

use std::path::PathBuf;
use weir_engine::Home;
use weir_engine::home::replace_private;

/// A wider or higher window fits on no screen: the file was not written by Weir.
const SIDE_MAX: f64 = 16_384.0;

fn file(home: &Home) -> PathBuf {
    home.root().join("window.size")
}

/// The size, in logical pixels.
pub fn remembered(home: &Home) -> Option<(f64, f64)> {
    parse(&std::fs::read_to_string(file(home)).ok()?)
}

/// Keeps a size, in logical pixels.
pub fn remember(home: &Home, (width, height): (f64, f64)) {
    let text = format!("{width:.0}x{height:.0}\n");
    if parse(&text).is_some() {
        // Not worth a word: the window opens at its usual size then.
        let _ = replace_private(&file(home), text.as_bytes());
    }
}

fn parse(text: &str) -> Option<(f64, f64)> {
    let (width, height) = text.trim().split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (1.0..=SIDE_MAX).contains(side));
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_remembered_and_nonsense_is_not() {
        assert_eq!(parse("1000x680\n"), Some((1000.0, 680.0)));
        for nonsense in ["", "x", "1000", "0x0", "-5x10", "NaNx1", "99999x680", "1e400x1"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
