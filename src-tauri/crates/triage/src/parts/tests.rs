//! What is told apart in a text: instruction, code, quotations, and nothing that panics.

use super::*;
use proptest::prelude::*;

fn of(text: &str) -> Parts {
    parts(text, None, text.len() as u64)
}

#[test]
fn an_instruction_before_and_after_code_is_found_apart_from_it() {
    let found = of("Please look at this.\n```rust\nfn main() { panic!() }\n```\nWhy does it fail?");
    assert_eq!(found.head, "please look at this.\nwhy does it fail?");
    assert_eq!(found.payload.trim(), "fn main() { panic!() }");
    assert!(found.shape.asks_last && found.shape.fences == 1);
}

#[test]
fn code_without_fences_is_told_from_prose() {
    let found = of("make it faster\nfor (let i = 0; i < n; i++) {\n  total += xs[i];\n}");
    assert_eq!(found.head, "make it faster");
    assert!(found.shape.code > found.shape.prose);
}

#[test]
fn the_last_sentences_of_a_long_text_are_its_tail() {
    let text = format!("{} Summarise the above in one line.", "It rained all day. ".repeat(60));
    let found = of(&text);
    assert!(found.tail.ends_with("summarise the above in one line."), "{}", found.tail);
    assert!(found.tail.len() <= EDGE_BYTES && found.head.len() <= EDGE_BYTES + 3);
}

#[test]
fn a_long_quotation_is_what_the_instruction_is_about() {
    let text = format!("Sort into spam or not: \"{}\" thanks", "fix the bug please ".repeat(8));
    let found = of(&text);
    assert!(!found.prose.contains("fix the bug"), "{}", found.prose);
    assert!(found.payload.contains("fix the bug"));
}

proptest! {
    #[test]
    fn any_text_is_taken_apart_without_a_panic(text in "(\\PC|\\n|```|\"|“|”|。|a;|\\{){0,200}") {
        let found = of(&text);
        prop_assert!(found.payload.len() <= 2 * PAYLOAD_BYTES + 200);
    }
}
