//! What an engine says to its guardian: words on a pipe, a line each. The pipe's end without a
//! word of an end meant is the engine's death.

/// What is to become of tools when the engine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// They are put back.
    PutBack,
    /// They are left as they are.
    Leave,
}

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Tools were connected or put back; their journals are to be read again.
    Tools,
    /// The engine was asked to end.
    Meant(End),
}

impl Word {
    /// As it stands on the pipe.
    pub fn line(self) -> &'static str {
        match self {
            Self::Tools => "tools\n",
            Self::Meant(End::PutBack) => "end, put back\n",
            Self::Meant(End::Leave) => "end, leave\n",
        }
    }

    /// From a line; `None` for one that a newer engine would say.
    pub fn read(line: &str) -> Option<Self> {
        let ends = [End::PutBack, End::Leave].map(Self::Meant);
        let known = [Self::Tools].into_iter().chain(ends);
        known.into_iter().find(|word| word.line().trim_end() == line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_half_a_word_is_none() {
        for word in [Word::Tools, Word::Meant(End::PutBack), Word::Meant(End::Leave)] {
            assert_eq!(Word::read(word.line()), Some(word));
        }
        assert_eq!(Word::read("end, "), None);
        assert_eq!(Word::read(""), None);
    }
}
