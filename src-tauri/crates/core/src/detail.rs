//! What an answer tells apart within a usage, or beside it, that decides what the call costs.
//! It is needed at the moment a cost is made and kept nowhere: the kinds of usage that a ledger
//! holds stay as they are, and sound is a part of the input or of the output there.

/// Tokens by what they carry; text is the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Sound.
    pub audio: u64,
    /// Pictures.
    pub image: u64,
    /// Film.
    pub video: u64,
}

impl Media {
    /// All of it.
    pub fn sum(&self) -> u64 {
        self.audio.saturating_add(self.image).saturating_add(self.video)
    }

    /// Sound, pictures and film one by one, together no more than `whole`: what a provider reports
    /// beyond it is its slip.
    #[must_use]
    pub fn within(&self, whole: u64) -> Self {
        let audio = self.audio.min(whole);
        let image = self.image.min(whole - audio);
        Self { audio, image, video: self.video.min(whole - audio - image) }
    }

    /// Each part less the same part of `other`.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    /// Each part with the same part of `other`.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    fn zip(&self, other: &Self, f: fn(u64, u64) -> u64) -> Self {
        Self {
            audio: f(self.audio, other.audio),
            image: f(self.image, other.image),
            video: f(self.video, other.video),
        }
    }
}

/// What a price needs to know of one answer beside its usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// What of `Usage::input` was no text.
    pub input: Media,
    /// What of `Usage::cache_read` was no text.
    pub cache_read: Media,
    /// Some of the prompt was cached and some was no text, and the answer does not say how the two
    /// overlap. `input` and `cache_read` are then the dearest reading.
    pub cached_untold: bool,
    /// What of `Usage::output` was no text; `None` where the answer does not say.
    pub output: Option<Media>,
    /// Searches of files that the provider keeps; billed each.
    pub file_searches: u64,
    /// Containers in which the provider ran code; billed by their time, shared by answers.
    pub code_containers: u64,
    /// Something that the provider ran and bills, of which the answer does not say how much it was.
    pub untold_fee: Option<&'static str>,
}

impl Detail {
    /// Puts what was no text of a prompt into its places: `all` of the prompt, of which `cached`
    /// was read from a cache, where that is told.
    pub fn prompt(&mut self, all: Media, cached: Option<Media>, input: u64, cache_read: u64) {
        let overlap = cache_read > 0 && all.sum() > 0;
        self.cached_untold = overlap && cached.is_none();
        match cached {
            Some(cached) => {
                self.cache_read = cached.within(cache_read);
                self.input = all.less(&cached).within(input);
            }
            None => {
                // What does not fit into the rest of the prompt was cached.
                self.input = all.within(input);
                self.cache_read = all.less(&self.input).within(cache_read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(audio: u64) -> Media {
        Media { audio, ..Media::default() }
    }

    #[test]
    fn parts_never_come_to_more_than_the_whole() {
        let all = Media { audio: 5, image: 5, video: 5 };
        assert_eq!(all.within(7), Media { audio: 5, image: 2, video: 0 });
        assert_eq!(all.within(100), all);
        assert_eq!(Media { audio: u64::MAX, image: 1, video: 0 }.sum(), u64::MAX);
    }

    #[test]
    fn cached_sound_is_taken_off_the_prompts_and_an_untold_overlap_is_read_the_dearest_way() {
        let mut told = Detail::default();
        told.prompt(audio(100), Some(audio(30)), 90, 60);
        assert_eq!(
            (told.input, told.cache_read, told.cached_untold),
            (audio(70), audio(30), false)
        );
        let mut untold = Detail::default();
        untold.prompt(audio(100), None, 90, 60);
        assert_eq!((untold.input, untold.cache_read), (audio(90), audio(10)));
        assert!(untold.cached_untold);
        let mut plain = Detail::default();
        plain.prompt(audio(100), None, 150, 0);
        assert_eq!((plain.input.audio, plain.cached_untold), (100, false));
    }
}
