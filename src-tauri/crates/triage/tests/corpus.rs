//! The committed weights are those of the committed corpus.

use std::fs;
use std::path::Path;
use weir_triage::model::Model;
use weir_wire::outline::fingerprint;

/// `make triage-weights` trains them; the number is of the files' bytes, in the order of their names.
#[test]
fn the_weights_were_trained_from_this_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    files.push(folder.join("phrases.txt"));
    let number = files.iter().fold(0, |number, file| {
        fingerprint(number, fs::read_to_string(file).expect("text").as_bytes())
    });
    let model = Model::own().expect("weights of this make");
    assert_eq!(model.corpus, number, "the corpus changed. Run: make triage-weights");
}
