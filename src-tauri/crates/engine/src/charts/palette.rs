//! The colours of charts in light and dark: the window's own, as `ui/src/tokens.css` has them.
//! Owns which provider has which: a provider keeps its colour everywhere, and work on this machine
//! is always the same green-grey. A test holds both to the window's files.

use crate::api::Theme;

/// A colour as red, green and blue.
pub type Rgb = (u8, u8, u8);

/// How many colours tell series apart.
pub const HUES: usize = 8;

/// Providers with a colour of their own; all others share the rest by their names.
const FIXED: [&str; 4] = ["anthropic", "openai", "gemini", "openrouter"];

/// The colours of one ground.
#[derive(Debug, PartialEq, Eq)]
pub struct Palette {
    /// The page.
    pub ground: Rgb,
    /// Text.
    pub ink: Rgb,
    /// Secondary text.
    pub ink_2: Rgb,
    /// Hairlines.
    pub line: Rgb,
    /// What is not filled.
    pub trough: Rgb,
    /// The one accent, for marks.
    pub accent_mark: Rgb,
    /// The one accent, for text.
    pub accent: Rgb,
    /// What needs attention, for marks.
    pub warm_mark: Rgb,
    /// Limits, for marks.
    pub red_mark: Rgb,
    /// Work on this machine.
    pub local_mark: Rgb,
    /// `c1` to `c8`.
    pub hues: [Rgb; HUES],
}

const fn rgb(hex: u32) -> Rgb {
    let [_, red, green, blue] = hex.to_be_bytes();
    (red, green, blue)
}

const LIGHT: Palette = Palette {
    ground: rgb(0xfafbfb),
    ink: rgb(0x14201f),
    ink_2: rgb(0x566465),
    line: rgb(0xdfe5e5),
    trough: rgb(0xe3e9e9),
    accent_mark: rgb(0x17898c),
    accent: rgb(0x0b6c73),
    warm_mark: rgb(0xb4770f),
    red_mark: rgb(0xcf4338),
    local_mark: rgb(0x6b8a7b),
    hues: [
        rgb(0xb16320),
        rgb(0x18776e),
        rgb(0x4945a7),
        rgb(0x70518d),
        rgb(0x90013c),
        rgb(0x9d7e5a),
        rgb(0x7e8dd3),
        rgb(0x4e3800),
    ],
};

const DARK: Palette = Palette {
    ground: rgb(0x16191a),
    ink: rgb(0xe6eceb),
    ink_2: rgb(0x98a5a6),
    line: rgb(0x2c3234),
    trough: rgb(0x2a3031),
    accent_mark: rgb(0x2fa3a6),
    accent: rgb(0x59bcbf),
    warm_mark: rgb(0xcf9126),
    red_mark: rgb(0xe2675b),
    local_mark: rgb(0x6b8a7b),
    hues: [
        rgb(0xffa865),
        rgb(0x65bbb1),
        rgb(0x8b7fea),
        rgb(0xb28fd0),
        rgb(0xd35072),
        rgb(0xeac6a0),
        rgb(0xd7dbfc),
        rgb(0x8d6a19),
    ],
};

impl Palette {
    /// The colours of a ground.
    pub fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

/// The place of a provider's colour among the eight.
pub fn hue(provider: &str) -> usize {
    if let Some(at) = FIXED.iter().position(|name| *name == provider) {
        return at;
    }
    // As the window reckons it: over UTF-16, the first unit of each character.
    let hash = provider.chars().fold(0u32, |hash, c| {
        let unit = c.encode_utf16(&mut [0; 2])[0];
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    let others = HUES - FIXED.len();
    FIXED.len() + hash as usize % others
}

/// `#18776e`.
pub fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn window(file: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui").join(file);
        std::fs::read_to_string(path).expect("a file of the window")
    }

    fn named(palette: &Palette) -> Vec<(String, Rgb)> {
        let mut all = vec![
            ("ground".into(), palette.ground),
            ("ink".into(), palette.ink),
            ("ink-2".into(), palette.ink_2),
            ("line".into(), palette.line),
            ("trough".into(), palette.trough),
            ("accent-mark".into(), palette.accent_mark),
            ("accent".into(), palette.accent),
            ("warm-mark".into(), palette.warm_mark),
            ("red-mark".into(), palette.red_mark),
            ("local-mark".into(), palette.local_mark),
        ];
        all.extend((1..).zip(palette.hues).map(|(n, hue)| (format!("c{n}"), hue)));
        all
    }

    #[test]
    fn every_colour_is_the_windows_own_in_light_and_dark() {
        let css = window("src/tokens.css");
        let (light, dark) =
            css.split_once("@media (prefers-color-scheme: dark)").expect("two grounds");
        for (text, palette) in [(light, &LIGHT), (dark, &DARK)] {
            for (name, colour) in named(palette) {
                let line = format!("--{name}: {};", hex(colour));
                assert!(text.contains(&line), "ui/src/tokens.css has no {line}");
            }
        }
    }

    #[test]
    fn a_provider_has_the_colour_it_has_in_the_window() {
        let source = window("src/colours.ts");
        let fixed = format!("const FIXED = ['{}'];", FIXED.join("', '"));
        assert!(source.contains(&fixed) && source.contains("const OTHERS = 4;"), "{source}");
        // The window's own test expects the same of the same names.
        let found: Vec<usize> =
            ["anthropic", "openrouter", "groq", "mistral", "deepseek", "together", "zürich", "🦙"]
                .into_iter()
                .map(|name| hue(name) + 1)
                .collect();
        assert_eq!(found, [1, 4, 6, 5, 5, 7, 7, 7]);
    }
}
