//! What a model takes, by its family: the table behind every rule that drops or refuses.
//! Pure names; a live capability list of a provider may overwrite single fields.
//! Sources: the vendors' documentation of November 2026; a model nobody lists is taken to be able.

use super::Form;
use super::conversation::Effort;

/// Who made a model, as far as requests differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Anthropic's.
    Claude,
    /// OpenAI's, behind its own API.
    Gpt,
    /// OpenAI's open models.
    GptOss,
    /// Google's.
    Gemini,
    /// DeepSeek's, Moonshot's, Z.ai's and MiniMax's: they want their thinking back in a tool loop.
    ThinksAloud,
    /// Any other.
    Other,
}

/// Which sampling fields are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sampled {
    /// All the form knows.
    All,
    /// `temperature` or `top_p`, not both (Claude before 4.7).
    OneOf,
    /// None: each is an error, even at its default.
    Nothing,
}

/// The name of the limit in a Chat body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// `max_tokens`.
    MaxTokens,
    /// `max_completion_tokens`: OpenAI's reasoning models refuse the older name.
    MaxCompletionTokens,
}

/// How thinking is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reasoning {
    /// The model has none, or nothing is known of it: say nothing.
    Unsaid,
    /// By one of these efforts, and `off` where it can be switched off.
    Efforts {
        /// From the least to the most.
        levels: &'static [Effort],
        /// Whether it can be switched off.
        off: bool,
    },
    /// By a number of tokens; `least` is the smallest, and `off` whether 0 is allowed.
    Budget {
        /// In tokens.
        least: u64,
        /// In tokens.
        most: u64,
        /// Whether it can be switched off.
        off: bool,
    },
    /// On or off (Ollama's `think`).
    Switch,
}

/// What a target takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// Who made the model.
    pub family: Family,
    /// Whether a server of the user's own runs it.
    pub local: bool,
    /// Which sampling fields are taken.
    pub sampled: Sampled,
    /// Whether a tool call can be forced.
    pub forced_choice: bool,
    /// Whether the last turn may be the model's, to be continued.
    pub prefill: bool,
    /// Whether it sees images.
    pub images: bool,
    /// Whether it reads PDF documents.
    pub documents: bool,
    /// Whether it hears.
    pub audio: bool,
    /// Whether thought signatures must come back with calls (Gemini 3 and later).
    pub signatures: bool,
    /// Whether user and assistant must alternate and the system speaks first only: the templates
    /// of many open models.
    pub alternates: bool,
    /// Whether a content list of text parts is taken; else text is one string.
    pub parts: bool,
    /// Whether the usage of a stream can be asked for (Chat); some servers refuse the question.
    pub stream_usage: bool,
    /// The limit's name (Chat).
    pub limit: Limit,
    /// The context length to ask for (Ollama), in tokens; `None` leaves it to the server.
    pub context: Option<u64>,
    /// The most tokens an answer can have, where known: a larger limit is lowered to it.
    pub output_max: Option<u64>,
    /// The limit to set where the form requires one and the client set none, in tokens.
    pub output_default: u64,
    /// How thinking is asked for.
    pub reasoning: Reasoning,
    /// Whether a model with tools may think when asked through Chat: OpenAI answers 400 to newer
    /// models' tools there unless thinking is switched off, and points to Responses.
    pub thinks_with_tools: bool,
    /// How many stop sequences are taken.
    pub stops: usize,
    /// Whether tools of free text are taken.
    pub freeform: bool,
    /// Whether an answer can be held to a schema.
    pub structured: bool,
    /// Whether `cache_control` marks are of use.
    pub cache_marks: bool,
    /// Whether the vendor's own extras are taken: cache key, safety identifier, service tier,
    /// verbosity.
    pub vendor_fields: bool,
    /// Whether thinking of the running tool loop is given back as `reasoning_content`.
    pub replay_thinking: bool,
}

const O_SERIES: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
const GPT_5: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
const GPT_5_2: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh];
const GPT_5_6: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];
const CLAUDE_4_6: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::Max];
const GEMINI_3: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
const GEMINI_3_PRO: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];

/// A tool loop of an agent rarely writes more in one answer.
const OUTPUT_DEFAULT: u64 = 32_000;

impl Traits {
    /// What `model` takes when it is asked in `form`; `local` when the user's own server runs it.
    pub fn of(form: Form, model: &str, local: bool) -> Self {
        let model = model.to_ascii_lowercase();
        // `vendor/model`, as routers of many vendors write it, and Vertex's `model@date`.
        let name = model.rsplit('/').next().unwrap_or(&model);
        let mut traits = if name.starts_with("claude") {
            claude(version(name), name)
        } else if name.starts_with("gemini") || name.starts_with("models/gemini") {
            gemini(version(name), name)
        } else if name.starts_with("gpt-oss") {
            gpt_oss()
        } else if openai(name) && !local {
            gpt(version(name), name)
        } else {
            open(name, local)
        };
        traits.local = local;
        // A router of many vendors finds the way for itself.
        traits.thinks_with_tools |= model.contains('/');
        match form {
            Form::Messages if traits.family != Family::Claude => {
                // An Anthropic-like surface of another model: thinking by budget, nothing forced.
                traits.cache_marks = !local;
                traits.forced_choice = !local;
            }
            Form::Ollama => ollama(&mut traits, name),
            _ => {}
        }
        traits
    }
}

impl Traits {
    /// What the model's server says that it can do, which its name only suggests.
    pub fn told(&mut self, sees: Option<bool>, thinks: Option<bool>) {
        self.images = sees.unwrap_or(self.images);
        self.reasoning = match (thinks, self.reasoning) {
            (Some(false), _) => Reasoning::Unsaid,
            (Some(true), Reasoning::Unsaid) => Reasoning::Switch,
            (_, known) => known,
        };
    }
}

/// Major and minor version: the first two numbers of the name below 100.
fn version(name: &str) -> (u32, u32) {
    let mut numbers = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse::<u32>().unwrap_or(u32::MAX));
    let below = |n: Option<u32>| n.filter(|n| *n < 100);
    match below(numbers.next()) {
        Some(major) => (major, below(numbers.next()).unwrap_or(0)),
        None => (0, 0),
    }
}

/// A model of which nothing is known.
const UNKNOWN: Traits = Traits {
    family: Family::Other,
    local: false,
    sampled: Sampled::All,
    forced_choice: true,
    prefill: true,
    images: true,
    documents: false,
    audio: false,
    signatures: false,
    alternates: false,
    parts: true,
    stream_usage: true,
    limit: Limit::MaxTokens,
    context: None,
    output_max: None,
    output_default: OUTPUT_DEFAULT,
    reasoning: Reasoning::Unsaid,
    thinks_with_tools: true,
    stops: 4,
    freeform: false,
    structured: true,
    cache_marks: false,
    vendor_fields: false,
    replay_thinking: false,
};

/// Claude. A name without a version is taken for the newest.
fn claude(version: (u32, u32), name: &str) -> Traits {
    let version = if version == (0, 0) { (u32::MAX, 0) } else { version };
    let opus_4 = name.contains("opus") && version < (4, 5);
    let always_thinks = version >= (5, 1) && !name.contains("haiku");
    let output_max = match version {
        v if v < (3, 5) => 4_096,
        v if v < (3, 7) => 8_192,
        _ if opus_4 => 32_000,
        v if v < (4, 6) => 64_000,
        _ => 128_000,
    };
    Traits {
        family: Family::Claude,
        sampled: if version >= (4, 7) { Sampled::Nothing } else { Sampled::OneOf },
        forced_choice: !always_thinks,
        prefill: version < (4, 6),
        documents: version >= (3, 5),
        output_max: Some(output_max),
        output_default: OUTPUT_DEFAULT.min(output_max),
        reasoning: match version {
            v if v < (3, 7) => Reasoning::Unsaid,
            v if v < (4, 6) => Reasoning::Budget { least: 1_024, most: 32_000, off: true },
            v if v < (4, 7) => Reasoning::Efforts { levels: CLAUDE_4_6, off: true },
            _ => Reasoning::Efforts { levels: GPT_5_6, off: !always_thinks },
        },
        stops: usize::MAX,
        structured: version >= (4, 5) || (name.contains("opus") && version >= (4, 1)),
        cache_marks: true,
        vendor_fields: true,
        ..UNKNOWN
    }
}

fn openai(name: &str) -> bool {
    let o_series = name.as_bytes().first() == Some(&b'o')
        && name.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    o_series || ["gpt-", "chatgpt", "codex"].iter().any(|start| name.starts_with(start))
}

fn gpt(version: (u32, u32), name: &str) -> Traits {
    let o_series = name.starts_with('o');
    let thinks =
        (o_series || version >= (5, 0) || name.starts_with("codex")) && !name.contains("-chat");
    let text_only = ["gpt-3.5", "o1-mini", "o1-preview", "o3-mini"];
    let reasoning = match version {
        _ if !thinks => Reasoning::Unsaid,
        _ if o_series => Reasoning::Efforts { levels: O_SERIES, off: false },
        v if v < (5, 1) => Reasoning::Efforts { levels: GPT_5, off: false },
        v if v < (5, 2) => Reasoning::Efforts { levels: O_SERIES, off: true },
        v if v < (5, 6) => Reasoning::Efforts { levels: GPT_5_2, off: true },
        _ => Reasoning::Efforts { levels: GPT_5_6, off: true },
    };
    let output_max = match version {
        _ if name.starts_with("gpt-3") => 4_096,
        _ if name.starts_with("gpt-4o") || name.contains("-chat") => 16_384,
        _ if name.starts_with("gpt-4.1") => 32_768,
        _ if name.starts_with("gpt-4.5") => 16_384,
        _ if name.starts_with("gpt-4") => 4_096,
        _ if o_series => 100_000,
        _ => 128_000,
    };
    Traits {
        family: Family::Gpt,
        sampled: if thinks { Sampled::Nothing } else { Sampled::All },
        images: !text_only.iter().any(|text| name.starts_with(text)),
        documents: !text_only.iter().any(|text| name.starts_with(text)),
        audio: name.contains("audio"),
        limit: Limit::MaxCompletionTokens,
        output_max: Some(output_max),
        reasoning,
        thinks_with_tools: !thinks || o_series || version < (5, 2),
        stops: if thinks { 0 } else { 4 },
        freeform: thinks && !o_series,
        vendor_fields: true,
        ..UNKNOWN
    }
}

fn gpt_oss() -> Traits {
    Traits {
        family: Family::GptOss,
        images: false,
        reasoning: Reasoning::Efforts { levels: O_SERIES, off: false },
        replay_thinking: true,
        ..UNKNOWN
    }
}

fn gemini(version: (u32, u32), name: &str) -> Traits {
    let version = if version == (0, 0) { (u32::MAX, 0) } else { version };
    let pro = name.contains("pro");
    Traits {
        family: Family::Gemini,
        prefill: version < (3, 5) || (version == (3, 5) && !name.contains("lite")),
        documents: true,
        audio: true,
        signatures: version >= (3, 0),
        output_max: Some(if version < (2, 5) { 8_192 } else { 65_536 }),
        reasoning: match version {
            v if v < (2, 5) => Reasoning::Unsaid,
            v if v < (3, 0) && pro => Reasoning::Budget { least: 128, most: 32_768, off: false },
            v if v < (3, 0) => Reasoning::Budget { least: 512, most: 24_576, off: true },
            _ if pro => Reasoning::Efforts { levels: GEMINI_3_PRO, off: false },
            _ => Reasoning::Efforts { levels: GEMINI_3, off: false },
        },
        stops: 5,
        vendor_fields: true,
        ..UNKNOWN
    }
}

/// Words in the names of open models that see.
const SEEING: [&str; 22] = [
    "vl",
    "vision",
    "llava",
    "gemma3",
    "gemma-3",
    "gemma4",
    "gemma-4",
    "pixtral",
    "llama4",
    "llama-4",
    "minicpm-v",
    "moondream",
    "internvl",
    "smolvlm",
    "mistral-small3",
    "mistral-small-3",
    "ministral-3",
    "qwen3.5",
    "qwen2.5-omni",
    "glm-4.5v",
    "glm-4.6v",
    "kimi-k2.5",
];

/// Open models that want their thinking back while a tool loop runs.
const ALOUD: [&str; 5] = ["deepseek", "kimi", "glm-", "minimax", "qwen3"];

fn open(name: &str, local: bool) -> Traits {
    let sees = SEEING.iter().any(|word| name.contains(word));
    let blind = ["deepseek", "coder", "kimi-k2", "glm-4", "minimax", "mixtral", "phi-4-mini"];
    let aloud = ALOUD.iter().any(|word| name.contains(word));
    Traits {
        family: if aloud { Family::ThinksAloud } else { Family::Other },
        images: sees || !(local || blind.iter().any(|word| name.contains(word))),
        alternates: local,
        parts: !local,
        replay_thinking: aloud,
        stops: if local { 16 } else { 4 },
        ..UNKNOWN
    }
}

/// Ollama's own API: no tool choice, stops and sampling as options.
fn ollama(traits: &mut Traits, name: &str) {
    let thinks = ["qwen3", "deepseek-r1", "deepseek-v3", "magistral", "glm-", "kimi", "minimax"];
    traits.forced_choice = false;
    traits.documents = false;
    traits.audio = false;
    traits.freeform = false;
    traits.prefill = true;
    traits.stops = 16;
    traits.sampled = Sampled::All;
    if traits.family != Family::GptOss {
        let switch = thinks.iter().any(|word| name.contains(word)) && !name.contains("coder");
        traits.reasoning = if switch { Reasoning::Switch } else { Reasoning::Unsaid };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(model: &str) -> Traits {
        Traits::of(Form::Chat, model, false)
    }

    #[test]
    fn versions_are_read_from_every_way_to_name_a_model() {
        for (name, expected) in [
            ("claude-opus-4-8", (4, 8)),
            ("claude-haiku-4-5-20251001", (4, 5)),
            ("claude-3-5-sonnet-20241022", (3, 5)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-opus-4.5", (4, 5)),
            ("claude-opus-5-5[1m]", (5, 5)),
            ("gpt-5.6-sol", (5, 6)),
            ("gpt-5", (5, 0)),
            ("o3", (3, 0)),
            ("gemini-3.8-flash", (3, 8)),
            ("gemini-pro-latest", (0, 0)),
        ] {
            assert_eq!(version(name), expected, "{name}");
        }
    }

    #[test]
    fn claude_loses_sampling_with_4_7_prefill_with_4_6_and_forced_calls_where_it_always_thinks() {
        let old = of("claude-sonnet-4-5");
        assert_eq!((old.sampled, old.prefill, old.forced_choice), (Sampled::OneOf, true, true));
        let newer = of("anthropic/claude-opus-4-8");
        assert_eq!(
            (newer.sampled, newer.prefill, newer.forced_choice),
            (Sampled::Nothing, false, true)
        );
        for model in ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"] {
            assert!(!of(model).forced_choice, "{model}");
        }
        assert!(of("claude-haiku-5-5").forced_choice);
    }

    #[test]
    fn reasoning_models_of_openai_refuse_what_the_others_take() {
        for model in ["o3", "gpt-5", "gpt-5.6-luna", "gpt-6.1-sol"] {
            let traits = of(model);
            assert_eq!((traits.sampled, traits.stops), (Sampled::Nothing, 0), "{model}");
            assert_eq!(traits.limit, Limit::MaxCompletionTokens, "{model}");
        }
        for model in ["gpt-4o", "gpt-4.1", "gpt-5-chat-latest"] {
            assert_eq!((of(model).sampled, of(model).stops), (Sampled::All, 4), "{model}");
        }
        assert_eq!(of("some-model").limit, Limit::MaxTokens);
    }

    #[test]
    fn newer_models_of_openai_do_not_think_beside_tools_in_chat_but_routers_see_to_it() {
        assert!(!of("gpt-5.6-terra").thinks_with_tools && !of("gpt-6.1-sol").thinks_with_tools);
        assert!(of("openai/gpt-5.6-terra").thinks_with_tools && of("gpt-5").thinks_with_tools);
        assert!(of("gpt-4o").thinks_with_tools && of("o3").thinks_with_tools);
    }

    #[test]
    fn gemini_goes_on_with_a_begun_answer_up_to_3_5_flash() {
        assert!(of("gemini-2.5-pro").prefill && of("gemini-3.5-flash").prefill);
        assert!(!of("gemini-3.5-flash-lite").prefill && !of("gemini-3.8-flash").prefill);
    }

    #[test]
    fn thought_signatures_are_required_from_gemini_3_on() {
        assert!(of("gemini-3.8-flash").signatures && of("google/gemini-3-pro").signatures);
        assert!(!of("gemini-2.5-pro").signatures);
    }

    #[test]
    fn a_local_model_sees_images_only_when_its_name_says_so() {
        let local = |model| Traits::of(Form::Chat, model, true).images;
        assert!(local("qwen2.5vl:7b") && local("gemma3:4b") && local("llava"));
        assert!(!local("llama3.2:3b") && !local("qwen3:8b"));
    }
}
