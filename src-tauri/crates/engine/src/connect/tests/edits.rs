//! One key in, one key out, in every layout: what is inserted looks like its neighbours, and
//! nothing else moves.

use crate::connect::document::Format;
use serde_json::{Value, json};

fn path(keys: &str) -> Vec<String> {
    keys.split('.').map(str::to_owned).collect()
}

#[track_caller]
fn set(format: Format, before: &str, keys: &str, value: Value, after: &str) {
    let splice = format.set(before, &path(keys), &value).unwrap().expect("a change");
    assert_eq!(splice.apply(before), after);
}

#[test]
fn a_new_key_goes_on_top_and_looks_like_its_neighbours() {
    for (before, after) in [
        ("", "{\n  \"k\": 1\n}\n"),
        ("{}", "{\n  \"k\": 1\n}"),
        ("{\n}\n", "{\n  \"k\": 1\n}\n"),
        ("{\n\t\"a\": 2\n}", "{\n\t\"k\": 1,\n\t\"a\": 2\n}"),
        ("{ \"a\": 2 }", "{ \"k\": 1, \"a\": 2 }"),
        ("{\"a\":2}", "{\"k\": 1,\"a\":2}"),
        ("{ // why\r\n  \"a\": 2\r\n}", "{ // why\r\n  \"k\": 1,\r\n  \"a\": 2\r\n}"),
        ("// note", "// note\n{\n  \"k\": 1\n}\n"),
        ("\u{feff}{}", "\u{feff}{\n  \"k\": 1\n}"),
        ("{ /* a */ \"a\": 2 }", "{\"k\": 1, /* a */ \"a\": 2 }"),
        ("{ /* a */ }", "{\n  \"k\": 1\n /* a */ }"),
    ] {
        set(Format::Json, before, "k", json!(1), after);
    }
}

#[test]
fn the_last_of_two_equal_keys_is_the_one_that_counts() {
    set(Format::Json, "{\"a\":1,\"a\":{\"b\":2}}", "a.b", json!(3), "{\"a\":1,\"a\":{\"b\":3}}");
}

#[test]
fn a_key_leaves_no_comma_and_no_empty_line() {
    for (before, after) in [
        ("{\n  \"k\": 1\n}", "{\n}"),
        ("{\n  \"k\": 1,\n  \"a\": 2\n}", "{\n  \"a\": 2\n}"),
        ("{\n  \"a\": 2,\n  \"k\": 1\n}", "{\n  \"a\": 2\n}"),
        ("{\n  \"a\": 2,\n  \"k\": 1,\n}", "{\n  \"a\": 2,\n}"),
        ("{\"k\":1,\"a\":2}", "{\"a\":2}"),
        ("{\"a\":2,\"k\":1}", "{\"a\":2}"),
        ("{\"a\":2 /* x */,\"k\":1}", "{\"a\":2 /* x */}"),
        ("{\"k\":1 /* x */,\"a\":2}", "{/* x */\"a\":2}"),
    ] {
        let left = Format::Json.unset(before, &path("k"), 0).unwrap();
        assert_eq!(left, after, "from {before}");
    }
}

#[test]
fn a_table_made_for_a_key_goes_with_it_and_no_other() {
    let text = "{\"a\":{\"b\":{\"k\":1}}}";
    assert_eq!(Format::Json.unset(text, &path("a.b.k"), 1).unwrap(), "{\"a\":{}}");
    assert_eq!(Format::Json.unset(text, &path("a.b.k"), 2).unwrap(), "{}");
    assert_eq!(Format::Json.unset(text, &path("a.b.k"), 0).unwrap(), "{\"a\":{\"b\":{}}}");
}

#[test]
fn a_key_twice_is_not_removed_half() {
    assert!(Format::Json.unset("{\"k\":1,\"k\":2}", &path("k"), 0).is_err());
}

#[test]
fn toml_keys_go_to_the_top_and_tables_to_the_end() {
    let toml = |before: &str, keys: &str, value, after: &str| {
        set(Format::Toml, before, keys, value, after);
    };
    toml("", "k", json!("v"), "k = \"v\"\n");
    toml("\u{feff}a = 1\r\n", "k", json!("v"), "\u{feff}k = \"v\"\r\na = 1\r\n");
    toml("k = 'x' # why\n", "k", json!("v"), "k = \"v\" # why\n");
    toml("", "p.w", json!({"a": 1}), "[p.w]\na = 1\n");
    toml("x = 1", "p.w", json!({"a": 1}), "x = 1\n\n[p.w]\na = 1\n");
    toml("[p.w]\na = 2 # two\n\n[z]\n", "p.w", json!({"a": 1}), "[p.w]\na = 1\n\n[z]\n");
    toml("p.v.a = 1\n", "p.w", json!({"a": 1}), "p.v.a = 1\n\n[p.w]\na = 1\n");
    toml("[p]\nw = { a = 2 }\n", "p.w", json!({"a": 1}), "[p]\nw = { a = 1 }\n");
}

#[test]
fn toml_that_leaves_no_room_is_refused() {
    for text in ["p = {}\n", "p = 1\n", "[[p]]\n", "[p.w.x]\na = 1\n", "p.w.a = 2\n"] {
        assert!(Format::Toml.set(text, &path("p.w"), &json!({"a": 1})).is_err(), "{text}");
    }
}

#[test]
fn toml_keys_leave_whole_lines() {
    for (before, keys, after) in [
        ("a = 1\nk = 2 # why\nb = 3\n", "k", "a = 1\nb = 3\n"),
        ("[p.w]\nk = 2\n[z]\nb = 3\n", "p.w", "[z]\nb = 3\n"),
        ("[z]\nb = 3\n[p.w]\nk = 2", "p.w", "[z]\nb = 3\n"),
    ] {
        assert_eq!(Format::Toml.unset(before, &path(keys), 1).unwrap(), after);
    }
}

#[test]
fn a_mistake_is_told_with_its_line() {
    let told = |format: Format, text: &str| format.read(text).unwrap_err().to_string();
    assert!(told(Format::Toml, "a = 1\nb = = 2\n").starts_with("line 2"));
    assert!(told(Format::Json, "{\n\n  a: 1}").starts_with("line 3"));
    assert!(told(Format::Json, &"{\"a\":".repeat(200)).contains("nested"));
}

#[test]
fn yaml_keys_go_on_top_and_items_on_top_of_their_list() {
    let yaml = |before: &str, keys: &[&str], value, after: &str| {
        let path: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let splice = Format::Yaml.set(before, &path, &value).unwrap().expect("a change");
        assert_eq!(splice.apply(before), after);
        let removed = Format::Yaml.unset(after, &path, 1).unwrap();
        assert_eq!(Format::Yaml.read(&removed), Format::Yaml.read(before), "from {after}");
    };
    yaml("", &["k"], json!("v"), "k: \"v\"\n");
    yaml("# note\n---\na: 1\n", &["k"], json!("v"), "# note\n---\nk: \"v\"\na: 1\n");
    yaml("\u{feff}a: 1\r\n", &["k"], json!("v"), "\u{feff}k: \"v\"\r\na: 1\r\n");
    let item = json!({"name": "W", "r": ["x"]});
    let w = ["models", "[name=W]"];
    yaml("a: 1", &w, item.clone(), "a: 1\nmodels:\n  - name: \"W\"\n    r: [\"x\"]\n");
    yaml(
        "models:\n# mine\n- name: O # o\nb: 1\n",
        &w,
        item.clone(),
        "models:\n# mine\n- name: \"W\"\n  r: [\"x\"]\n- name: O # o\nb: 1\n",
    );
    let e = ["set-env", "[^A=]"];
    yaml("set-env:\n  - B=1\n", &e, json!("A=2"), "set-env:\n  - \"A=2\"\n  - B=1\n");
}

#[test]
fn an_empty_yaml_list_takes_its_first_item_and_gives_it_back() {
    let keys = ["models".to_owned(), "[name=W]".to_owned()];
    let item = json!({"name": "W", "r": ["x"]});
    for (before, after) in [
        ("v: 1\nmodels: []\n", "v: 1\nmodels: [{name: \"W\", r: [\"x\"]}]\n"),
        ("models: [ ] # c\r\nv: 1", "models: [{name: \"W\", r: [\"x\"]} ] # c\r\nv: 1"),
        ("models:\nv: 1\n", "models:\n  - name: \"W\"\n    r: [\"x\"]\nv: 1\n"),
        ("models: # c", "models: # c\n  - name: \"W\"\n    r: [\"x\"]\n"),
    ] {
        let splice = Format::Yaml.set(before, &keys, &item).expect(before).expect("a change");
        assert_eq!(splice.apply(before), after);
        assert!(splice.old.is_empty(), "an insertion, which is taken out again as it was put in");
    }
}

#[test]
fn yaml_in_another_style_is_refused() {
    let path = ["models".to_owned(), "[name=W]".to_owned()];
    for text in ["models: [a]\n", "models: {}\n", "{a: 1}\n", "models: one\n", "a: 1\n---\nb: 2\n"]
    {
        assert!(Format::Yaml.set(text, &path, &json!({"name": "W"})).is_err(), "{text}");
    }
}

#[test]
fn a_yaml_value_is_replaced_in_its_place() {
    set(Format::Yaml, "k: 'x'  # why\nb: 1\n", "k", json!("v"), "k: \"v\"  # why\nb: 1\n");
    for text in ["k: |\n  x\n", "k:\n", "k: [1]\n", "k: &a x\n"] {
        let _ = Format::Yaml.set(text, &path("k"), &json!("v")).map(|splice| {
            let after = splice.expect("a change").apply(text);
            assert_eq!(Format::Yaml.read(&after).unwrap()["k"], "v", "{after}");
        });
    }
}

#[test]
fn dotenv_is_read_as_its_package_reads_it() {
    let text = "A=1 # one\nexport B='x # y' # z\nC=\"l1\nA=no\nl3\"\nnope\nA : 3\nA: 4\nD=\"open\n";
    let said = Format::Dotenv.read(text).unwrap();
    assert_eq!(said, json!({"A": "4", "B": "x # y", "C": "l1\nA=no\nl3", "D": "\"open"}));
    set(Format::Dotenv, "A=1 # one\n", "A", json!("2"), "A=2 # one\n");
    set(Format::Dotenv, "\u{feff}A=1\r\n", "B", json!("2"), "\u{feff}B=2\r\nA=1\r\n");
    assert_eq!(Format::Dotenv.unset("A=1\nB=\"x\ny\"\nC=2", &path("B"), 0).unwrap(), "A=1\nC=2");
}
