//! Sealed thinking: what a model gives with its thoughts so that it can be given them back
//! (Anthropic's signatures, OpenAI's encrypted reasoning, Gemini's thought signatures).
//! A seal that travels through a client of another dialect carries a mark, so that it returns to
//! its maker only and no other vendor ever sees it. Marks are of base64's letters, because
//! Gemini's clients decode the field and encode it again.

use std::borrow::Cow;

/// Who can open a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Maker {
    /// Anthropic: a thinking block's `signature`.
    Anthropic,
    /// Anthropic: the `data` of a `redacted_thinking` block.
    AnthropicRedacted,
    /// OpenAI: a reasoning item's `encrypted_content`.
    OpenAi,
    /// Google: a part's `thoughtSignature`.
    Gemini,
    /// Nobody: thinking of a model that does not seal. The seal is empty.
    Nobody,
}

/// A seal and who can open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal<'a> {
    /// Who can open it.
    pub by: Maker,
    /// As its maker wrote it.
    pub data: Cow<'a, str>,
}

/// Marks are twelve letters long: a whole number of base64 groups.
const MARKS: [(&str, Maker); 5] = [
    ("WeirSealAnt1", Maker::Anthropic),
    ("WeirSealRed1", Maker::AnthropicRedacted),
    ("WeirSealOai1", Maker::OpenAi),
    ("WeirSealGem1", Maker::Gemini),
    ("WeirSealNon1", Maker::Nobody),
];

/// The seal as a client of another dialect is given it.
pub fn marked(by: Maker, data: &str) -> String {
    let mark = MARKS.iter().find(|(_, maker)| *maker == by).map_or("", |(mark, _)| mark);
    format!("{mark}{data}")
}

/// What a client gave back: its own dialect's seal when `data` carries no mark.
pub fn read(data: Cow<'_, str>, own: Maker) -> Seal<'_> {
    let Some((mark, by)) = MARKS.iter().find(|(mark, _)| data.starts_with(mark)) else {
        return Seal { by: own, data };
    };
    let data = match data {
        Cow::Borrowed(text) => Cow::Borrowed(&text[mark.len()..]),
        Cow::Owned(mut text) => Cow::Owned(text.split_off(mark.len())),
    };
    // A client that decodes and encodes base64 may come back with its other alphabet.
    let data = match by {
        Maker::Anthropic | Maker::AnthropicRedacted if data.contains(['-', '_']) => {
            Cow::Owned(data.replace('-', "+").replace('_', "/"))
        }
        Maker::OpenAi if data.contains(['+', '/']) => {
            Cow::Owned(data.replace('+', "-").replace('/', "_"))
        }
        _ => data,
    };
    Seal { by: *by, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_that_travelled_returns_to_its_maker_as_it_was() {
        for (by, data) in [
            (Maker::Anthropic, "Eu+/AQ=="),
            (Maker::AnthropicRedacted, "Em+/wA=="),
            (Maker::OpenAi, "gAAAA-b_c="),
            (Maker::Gemini, "CiQB+/=="),
            (Maker::Nobody, ""),
        ] {
            for own in [Maker::Anthropic, Maker::OpenAi, Maker::Gemini] {
                let seal = read(Cow::Owned(marked(by, data)), own);
                assert_eq!((seal.by, seal.data.as_ref()), (by, data));
            }
        }
    }

    #[test]
    fn a_seal_whose_base64_was_rewritten_by_a_client_is_mended() {
        let seal = read(Cow::Borrowed("WeirSealAnt1Eu-_AQ=="), Maker::Gemini);
        assert_eq!(seal.data, "Eu+/AQ==");
        let seal = read(Cow::Borrowed("WeirSealOai1gAAAA+b/c="), Maker::Gemini);
        assert_eq!(seal.data, "gAAAA-b_c=");
    }

    #[test]
    fn a_seal_without_a_mark_is_the_dialect_s_own() {
        let seal = read(Cow::Borrowed("Eu+/AQ=="), Maker::Anthropic);
        assert_eq!(seal, Seal { by: Maker::Anthropic, data: Cow::Borrowed("Eu+/AQ==") });
    }
}
