//! Tests of the keys, as sentences. No test asks a real keychain.

use super::*;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A keychain that is in one state.
struct Stuck(StoreProblem);

impl Vault for Stuck {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        Err(self.0)
    }
    fn write(&self, _: &[u8]) -> Result<(), StoreProblem> {
        Err(self.0)
    }
    fn delete(&self) -> Result<(), StoreProblem> {
        Err(self.0)
    }
}

/// A keychain that shows a prompt: it answers when the test says so.
struct Prompting {
    asked: SyncSender<()>,
    answer: Mutex<Receiver<()>>,
    inner: MemoryVault,
}

impl Vault for Prompting {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        self.asked.send(()).unwrap();
        self.answer.lock().recv().unwrap();
        self.inner.read()
    }
    fn write(&self, item: &[u8]) -> Result<(), StoreProblem> {
        self.inner.write(item)
    }
    fn delete(&self) -> Result<(), StoreProblem> {
        self.inner.delete()
    }
}

/// A keychain that takes its time to write.
struct SlowWrite {
    asked: SyncSender<()>,
    answer: Mutex<Receiver<()>>,
    inner: MemoryVault,
}

impl Vault for SlowWrite {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        self.inner.read()
    }
    fn write(&self, item: &[u8]) -> Result<(), StoreProblem> {
        self.asked.send(()).unwrap();
        self.answer.lock().recv().unwrap();
        self.inner.write(item)
    }
    fn delete(&self) -> Result<(), StoreProblem> {
        self.inner.delete()
    }
}

fn config(text: &str) -> Arc<ArcSwap<Config>> {
    Arc::new(ArcSwap::from_pointee(crate::config::check(text).config.expect("it holds")))
}

/// A clock that stands still until it is told to go on.
#[derive(Default)]
struct Hand(std::sync::atomic::AtomicU64);

impl Clock for Hand {
    fn unix_ms(&self) -> i64 {
        0
    }
    fn monotonic_ns(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A keychain whose owner dismisses every prompt; counts them.
#[derive(Default)]
struct Dismissed(std::sync::atomic::AtomicU32);

impl Vault for Dismissed {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err(StoreProblem::Locked)
    }
    fn write(&self, _: &[u8]) -> Result<(), StoreProblem> {
        Err(StoreProblem::Locked)
    }
    fn delete(&self) -> Result<(), StoreProblem> {
        Err(StoreProblem::Locked)
    }
}

struct Fixture {
    keys: Keys,
    clock: Arc<Hand>,
    config: Arc<ArcSwap<Config>>,
    dir: tempfile::TempDir,
}

fn fixture(vault: Arc<dyn Vault>) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let config = config("");
    let index = Arc::new(Index::open(dir.path().join("keys.json")));
    let clock = Arc::new(Hand::default());
    let ticking = Arc::clone(&clock) as Arc<dyn Clock>;
    Fixture { keys: Keys::new(vault, index, Arc::clone(&config), ticking), clock, config, dir }
}

#[test]
fn a_stored_key_is_found_again_and_a_removed_one_is_nowhere() {
    let vault = Arc::new(MemoryVault::default());
    let f = fixture(vault.clone());
    f.keys.set("anthropic", " sk-ant-1\n").unwrap();
    f.keys.set("openai", "sk-2").unwrap();
    assert_eq!(f.keys.find("anthropic").unwrap().expose(), "sk-ant-1");
    assert!(f.keys.noted("anthropic"));
    f.keys.remove("anthropic").unwrap();
    assert!(matches!(f.keys.find("anthropic"), Err(KeyProblem::Missing { .. })));
    assert!(!f.keys.noted("anthropic"));
    f.keys.remove("openai").unwrap();
    assert!(vault.read().unwrap().is_none(), "the last key takes the item with it");
    assert!(matches!(f.keys.remove("openai"), Err(SetProblem::NoKey { .. })));
    assert!(matches!(f.keys.remove("nobody"), Err(SetProblem::NoKey { .. })));
}

#[test]
fn the_list_of_keys_holds_no_key() {
    let f = fixture(Arc::new(MemoryVault::default()));
    f.keys.set("openai", "sk-canary-42").unwrap();
    let text = std::fs::read_to_string(f.dir.path().join("keys.json")).unwrap();
    assert!(text.contains("openai") && !text.contains("canary"), "{text}");
}

#[test]
fn a_key_goes_only_to_the_address_it_was_stored_for() {
    let f = fixture(Arc::new(MemoryVault::default()));
    f.keys.set("openai", "sk-1").unwrap();
    let moved = "[providers.openai]\nbase_url = \"https://elsewhere.example/v1\"\n";
    f.config.store(config(moved).load_full());
    let said = f.keys.find("openai").unwrap_err().to_string();
    assert!(said.contains("https://api.openai.com:443"), "{said}");
    assert!(said.contains("weir key set openai"), "{said}");
    let same_host = "[providers.openai]\nbase_url = \"https://api.openai.com/v2\"\n";
    f.config.store(config(same_host).load_full());
    assert_eq!(f.keys.find("openai").unwrap().expose(), "sk-1", "another path is the same place");
}

#[test]
fn every_state_of_a_keychain_has_a_name_and_a_fix() {
    for state in [StoreProblem::Locked, StoreProblem::Absent, StoreProblem::Denied] {
        let f = fixture(Arc::new(Stuck(state)));
        f.keys.index.note("openai", "https://api.openai.com:443").unwrap();
        let said = f.keys.find("openai").unwrap_err().to_string();
        assert!(said.starts_with("the keychain "), "{said}");
        assert!(said.contains("env:NAME"), "{said}");
        f.keys.index.forget("openai").unwrap();
        let said = f.keys.set("openai", "sk-1").unwrap_err().to_string();
        assert!(said.contains("env:NAME") && !said.contains("sk-1"), "{said}");
        assert!(!f.keys.noted("openai"));
    }
}

#[test]
fn without_a_keychain_a_key_that_was_never_stored_is_simply_missing() {
    let f = fixture(Arc::new(Stuck(StoreProblem::Absent)));
    assert!(matches!(f.keys.find("openai"), Err(KeyProblem::Missing { .. })));
    let locked = fixture(Arc::new(Stuck(StoreProblem::Locked)));
    assert!(matches!(locked.keys.find("openai"), Err(KeyProblem::Keychain { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_prompting_keychain_is_given_up_after_three_seconds_and_heard_when_it_answers() {
    let (asked, was_asked) = sync_channel(8);
    let (answer, answers) = sync_channel(8);
    let inner = MemoryVault::default();
    inner.write(br#"{"openai":{"key":"sk-1","origin":"https://api.openai.com:443"}}"#).unwrap();
    let vault = Prompting { asked, answer: Mutex::new(answers), inner };
    let f = fixture(Arc::new(vault));

    let first = f.keys.key("openai").await.unwrap_err().to_string();
    assert!(first.contains("did not answer within 3 s"), "{first}");
    was_asked.recv().unwrap();
    let second = f.keys.key("openai").await.unwrap_err().to_string();
    assert!(second.contains("did not answer"), "{second}");
    assert!(was_asked.try_recv().is_err(), "no second prompt while the first one stands");

    // Once for the read that still stands, once for the next one.
    answer.send(()).unwrap();
    answer.send(()).unwrap();
    assert_eq!(f.keys.find("openai").unwrap().expose(), "sk-1");
}

#[tokio::test]
async fn a_dismissed_prompt_is_not_raised_again_by_every_retry_of_a_tool() {
    let vault = Arc::new(Dismissed::default());
    let f = fixture(vault.clone());
    let prompts = || vault.0.load(std::sync::atomic::Ordering::Relaxed);
    for _ in 0..5 {
        let said = f.keys.key("openai").await.unwrap_err().to_string();
        assert!(said.contains("is locked"), "{said}");
    }
    assert_eq!(prompts(), 1);
    f.clock.0.store(REST_NS + 1, std::sync::atomic::Ordering::Relaxed);
    assert!(f.keys.key("openai").await.is_err());
    assert_eq!(prompts(), 2);
    assert!(f.keys.find("openai").is_err());
    assert_eq!(prompts(), 3, "the user's own command asks at once");
}

#[test]
fn what_is_shown_of_a_key_never_asks_the_keychain() {
    let vault = Arc::new(Dismissed::default());
    let f = fixture(vault.clone());
    let prompts = || vault.0.load(std::sync::atomic::Ordering::Relaxed);
    f.keys.index.note("openai", "https://api.openai.com:443").unwrap();
    assert!(matches!(f.keys.standing("openai"), Standing::Stored));
    assert_eq!(prompts(), 0, "a key that is noted and was not read yet is just that");
    for _ in 0..10 {
        f.keys.read_once();
        let standing = f.keys.standing("openai");
        assert!(matches!(standing, Standing::Refused(StoreProblem::Locked)), "{standing:?}");
    }
    assert_eq!(prompts(), 1);
    f.clock.0.store(REST_NS + 1, std::sync::atomic::Ordering::Relaxed);
    f.keys.read_once();
    assert_eq!(prompts(), 1, "nothing asks again because time passed");
    assert!(f.keys.find("openai").is_err());
    assert_eq!(prompts(), 2, "the user's own command does");
}

#[tokio::test]
async fn what_the_users_own_command_was_refused_is_not_asked_again_by_the_next_request() {
    let vault = Arc::new(Dismissed::default());
    let f = fixture(vault.clone());
    assert!(f.keys.find("openai").is_err());
    assert!(f.keys.key("openai").await.is_err());
    assert_eq!(vault.0.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_too_late_is_shown_without_asking_again() {
    let (asked, was_asked) = sync_channel(8);
    let (answer, answers) = sync_channel(8);
    let inner = MemoryVault::default();
    inner.write(br#"{"openai":{"key":"sk-1","origin":"https://api.openai.com:443"}}"#).unwrap();
    let f = fixture(Arc::new(Prompting { asked, answer: Mutex::new(answers), inner }));
    assert!(f.keys.key("openai").await.is_err());
    was_asked.recv().unwrap();
    assert!(matches!(f.keys.standing("openai"), Standing::Refused(StoreProblem::Timeout)));
    answer.send(()).unwrap();
    f.keys.wait_for_late();
    assert!(matches!(f.keys.standing("openai"), Standing::Ready));
    assert!(was_asked.try_recv().is_err(), "the keychain was asked once");
}

#[test]
fn a_look_aside_asks_once_and_tells_when_there_is_an_answer() {
    let (asked, was_asked) = sync_channel(8);
    let (answer, answers) = sync_channel(8);
    let f = fixture(Arc::new(Prompting {
        asked,
        answer: Mutex::new(answers),
        inner: MemoryVault::default(),
    }));
    let keys = Arc::new(f.keys);
    let (tell, told) = sync_channel(8);
    for _ in 0..3 {
        let tell = tell.clone();
        keys.look_aside(move || tell.send(()).unwrap());
    }
    was_asked.recv().unwrap();
    answer.send(()).unwrap();
    told.recv().unwrap();
    assert!(matches!(keys.standing("openai"), Standing::Lacking(KeyProblem::Missing { .. })));
    keys.look_aside(move || tell.send(()).unwrap());
    assert!(was_asked.try_recv().is_err() && told.try_recv().is_err(), "once a run");
}

#[test]
fn a_key_of_another_address_is_told_from_a_keychain_in_trouble() {
    let f = fixture(Arc::new(MemoryVault::default()));
    f.keys.set("openai", "sk-1").unwrap();
    let moved = "[providers.openai]\nbase_url = \"https://elsewhere.example/v1\"\n";
    f.config.store(config(moved).load_full());
    let standing = f.keys.standing("openai");
    assert!(matches!(standing, Standing::Moved(_)), "{standing:?}");
    // The list of names knows as much, without the keychain.
    let f = fixture(Arc::new(Stuck(StoreProblem::Locked)));
    f.keys.index.note("openai", "https://api.openai.com:443").unwrap();
    f.config.store(config(moved).load_full());
    assert!(matches!(f.keys.standing("openai"), Standing::Moved(_)));
}

#[test]
fn a_read_that_meets_a_write_waits_for_it_and_then_reads() {
    let (asked, was_asked) = sync_channel(8);
    let (answer, answers) = sync_channel(8);
    let vault =
        Arc::new(SlowWrite { asked, answer: Mutex::new(answers), inner: MemoryVault::default() });
    let keychain = Arc::new(Keychain::new(vault));
    let writing = Arc::clone(&keychain);
    let wrote = std::thread::spawn(move || {
        writing.write(Zeroizing::new(b"{}".to_vec()), KEYCHAIN_WAIT_MAX)
    });
    was_asked.recv().unwrap();
    assert!(matches!(keychain.read(Duration::ZERO), Err(StoreProblem::Timeout)));
    // Most often while the read below waits; before it began, the read is an ordinary one.
    let answers = std::thread::spawn(move || {
        (0..1_000).for_each(|_| std::thread::yield_now());
        answer.send(()).unwrap();
    });
    assert_eq!(keychain.read(KEYCHAIN_WAIT_MAX).unwrap().unwrap().as_slice(), b"{}");
    wrote.join().unwrap().unwrap();
    answers.join().unwrap();
    assert!(keychain.late().is_none(), "the answer to a write is no answer to a read");
}

#[test]
fn a_key_from_the_environment_needs_no_keychain() {
    let f = fixture(Arc::new(Stuck(StoreProblem::Absent)));
    f.config.store(config("[providers.openai]\nkey = \"env:PATH\"\n").load_full());
    assert!(f.keys.find("openai").is_ok());
    f.config.store(config("[providers.openai]\nkey = \"env:WEIR_TEST_NOT_SET\"\n").load_full());
    let said = f.keys.find("openai").unwrap_err().to_string();
    assert!(said.contains("WEIR_TEST_NOT_SET"), "{said}");
}

#[test]
fn what_cannot_be_a_key_is_refused_and_not_repeated() {
    let f = fixture(Arc::new(MemoryVault::default()));
    let long = "k".repeat(KEY_BYTES_MAX + 1);
    for text in ["", "  ", "sk canary", "sk-canary\u{e9}", &long] {
        let said = f.keys.set("openai", text).unwrap_err().to_string();
        assert!(said.contains("not a key") && !said.contains("canary"), "{said}");
    }
    assert!(matches!(f.keys.set("nobody", "k"), Err(SetProblem::UnknownProvider { .. })));
    assert!(matches!(f.keys.set("ollama", "k"), Err(SetProblem::NotKeychain { .. })));
}

#[test]
fn more_keys_than_an_item_holds_are_refused_and_the_old_ones_stay() {
    let f = fixture(Arc::new(MemoryVault::default()));
    let big = "k".repeat(KEY_BYTES_MAX);
    f.keys.set("openai", &big).unwrap();
    f.keys.set("anthropic", &big).unwrap();
    assert!(matches!(f.keys.set("gemini", &big), Err(SetProblem::TooLarge { .. })));
    assert_eq!(f.keys.find("openai").unwrap().expose(), big);
    assert!(!f.keys.noted("gemini"));
}

#[test]
fn an_item_that_is_not_weirs_is_left_alone() {
    let vault = Arc::new(MemoryVault::default());
    vault.write(b"not json").unwrap();
    let f = fixture(vault.clone());
    assert!(f.keys.set("openai", "sk-1").is_err());
    assert_eq!(vault.read().unwrap().unwrap().as_slice(), b"not json");
}
