//! Tests of reading JSON without a document, as sentences.

use super::*;
use proptest::prelude::*;

#[test]
fn fields_are_found_by_name_whatever_stands_between() {
    let text = br#" { "a" : [1,{"b":2}], "b" : "x\"}", "\u0063" : 3, "b" : null , "d":"\ud83d\ude00\n" } "#;
    let value = Value::whole(text).expect("whole");
    let [a, b, c, d] = value.pick(["a", "b", "c", "d"]);
    assert_eq!(a.map(|v| v.items()), Some(2));
    assert!(b.is_none(), "the last `b` is null");
    assert_eq!(c.and_then(|v| v.count()), Some(3));
    assert_eq!(d.map(|v| v.text_bytes()), Some(5));
}

#[test]
fn a_text_that_is_not_one_whole_value_is_none() {
    for text in ["", " ", "{", "{\"a\":1", "[1}", "{} {}", "\"a", "tru", "[\"a]", "1e", "\"\\\""] {
        assert!(Value::whole(text.as_bytes()).is_none(), "{text}");
    }
    let deep = [b"[".repeat(129), b"]".repeat(129)].concat();
    assert!(Value::whole(&deep).is_none());
    assert!(Value::whole(&deep[1..257]).is_some());
    assert!(Value::whole(&b"[".repeat(100_000)).is_none());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,24}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map("[a-d]{1,2}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_valid_document_reads_as_serde_json_reads_it(doc in json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&doc) } else { serde_json::to_string(&doc) }
            .expect("a document has a text");
        let value = Value::whole(text.as_bytes()).expect("a valid document is whole");
        for name in ["a", "b", "cc"] {
            let ours = value.get(name).map(|v| serde_json::from_slice::<serde_json::Value>(v.raw()).expect("a value"));
            let theirs = doc.get(name).filter(|v| !v.is_null()).cloned();
            prop_assert_eq!(ours, theirs);
        }
        if let Some(items) = doc.as_array() {
            prop_assert_eq!(value.items(), items.len() as u64);
        }
        if let Some(string) = doc.as_str() {
            prop_assert_eq!(value.text_bytes(), string.len() as u64);
        }
    }

    #[test]
    fn a_long_string_ends_at_its_first_quote_after_an_even_run_of_backslashes(
        before in "[a\\\\]{0,6}",
        inside in "(a{1,9}|\\\\{1,5}\"?|\"){0,90}",
    ) {
        let text = format!("{before}\"{inside}");
        let start = before.len();
        let (mut slashes, mut expected) = (0, None);
        for (at, byte) in inside.bytes().enumerate() {
            if byte == b'"' && slashes % 2 == 0 {
                expected = Some(start + at + 2);
                break;
            }
            slashes = if byte == b'\\' { slashes + 1 } else { 0 };
        }
        prop_assert_eq!(long_string_end(text.as_bytes(), start).ok(), expected);
    }

    #[test]
    fn any_bytes_are_scanned_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(value) = Value::whole(&text) {
            let _ = (value.get("a").is_some(), value.items(), value.text(), value.text_bytes(), value.count());
        }
    }

    #[test]
    fn any_near_json_is_scanned_without_a_panic(text in "[\\[\\]{}\",:\\\\a1u ]{0,60}") {
        if let Some(value) = Value::whole(text.as_bytes()) {
            value.each_item(|item| { let _ = item.get("a").map(|v| v.text_bytes()); });
            let _ = (value.get("a").is_some(), value.text(), value.text_bytes());
        }
    }
}
