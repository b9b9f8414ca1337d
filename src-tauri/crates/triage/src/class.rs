//! Which part of a tool's work a request is, where no header says: by the words with which known
//! tools ask for titles, topics, checks and summaries of their own conversation.

use weir_core::Class;
use weir_wire::Outline;

/// How tools ask for a summary to go on with.
const COMPACTION: [&str; 10] = [
    "detailed summary of the conversation so far",
    "detailed summary of our conversation so far",
    "summary of this conversation so far",
    "context checkpoint compaction",
    "summarizes internal chat history",
    "prompt for continuing our conversation",
    "continuation prompt for another instance",
    "summarize the conversation so far",
    "summarize our conversation so far",
    "compact the conversation",
];

/// What tools ask beside the conversation.
const AUXILIARY: [&str; 18] = [
    "new conversation topic",
    "title for this conversation",
    "title for this session",
    "title for the conversation",
    "title of this conversation",
    "you are a title generator",
    "generate a concise title",
    "generate a short title",
    "title that captures",
    "word title",
    "task routing ai",
    "your immediately preceding response",
    "who should speak next",
    "extract any file paths that this command",
    "determine the command prefix",
    "bash command prefix",
    "git branch name for",
    "suggest what the user might",
];

/// An answer of at most so many tokens is a probe or a label, not a conversation's.
const PROBE_TOKENS: u64 = 1;
/// An instruction in a body longer than this is not one of a tool's small questions, in bytes.
const SMALL_BYTES: u64 = 24 * 1024;

/// The class of a request by its body.
pub fn of(outline: &Outline) -> Class {
    let last = outline.last.text.to_ascii_lowercase();
    let system = outline.system.text.to_ascii_lowercase();
    let marked = |marks: &[&str], text: &str| marks.iter().any(|mark| text.contains(mark));
    // The instruction to compact is the whole last turn, or the system text's own opening.
    if !outline.tool_result_last
        && (marked(&COMPACTION, start(&last)) || marked(&COMPACTION, start(&system)))
    {
        return Class::Compaction;
    }
    if outline.max_tokens == Some(PROBE_TOKENS) {
        return Class::Auxiliary;
    }
    let small = outline.text_bytes <= SMALL_BYTES && !outline.tools;
    if small && (marked(&AUXILIARY, start(&system)) || marked(&AUXILIARY, start(&last))) {
        return Class::Auxiliary;
    }
    Class::Main
}

/// The beginning of a text, where a tool's own words stand.
fn start(text: &str) -> &str {
    crate::parts::cut_end(text, 1_200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_wire::Excerpt;

    fn request(system: &str, last: &str) -> Outline {
        Outline { system: Excerpt::whole(system), last: Excerpt::whole(last), ..Outline::default() }
    }

    #[test]
    fn summaries_that_tools_ask_for_are_compaction() {
        for last in [
            "Your task is to create a detailed summary of the conversation so far, with every file.",
            "You are performing a CONTEXT CHECKPOINT COMPACTION. Hand over.",
            "Provide a detailed prompt for continuing our conversation above.",
        ] {
            assert_eq!(of(&request("You are an agent.", last)), Class::Compaction, "{last}");
        }
    }

    #[test]
    fn titles_and_topics_are_auxiliary_only_without_tools() {
        let title = request("You are a title generator. Output the title.", "fix the login");
        assert_eq!(of(&title), Class::Auxiliary);
        let topic = request("Analyze if this message indicates a new conversation topic.", "hi");
        assert_eq!(of(&topic), Class::Auxiliary);
        assert_eq!(of(&Outline { tools: true, ..title }), Class::Main);
    }

    #[test]
    fn an_answer_of_one_token_is_a_probe() {
        let probe = Outline { max_tokens: Some(1), ..request("", "quota") };
        assert_eq!(of(&probe), Class::Auxiliary);
    }

    #[test]
    fn words_far_down_in_a_text_are_no_mark() {
        let text = format!("Translate this: {} new conversation topic", "word ".repeat(400));
        assert_eq!(of(&request("", &text)), Class::Main);
    }
}
