//! A home of its own for every test: a temporary folder, a configuration that points at the
//! scripted provider, canary keys in the environment, and the `weir` program to run in it.

use crate::provider::Provider;
use crate::seed::Seed;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// A secret that must never be found anywhere but where it belongs.
#[derive(Clone, Debug)]
pub struct Canary {
    /// The environment variable that holds it, or what it is.
    pub name: String,
    /// The secret.
    pub secret: String,
}

/// What a program run said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl Ran {
    /// The stdout of a run that must have succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// The stdout of a run that must have succeeded, as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }
}

/// A home.
pub struct Home {
    root: tempfile::TempDir,
    canaries: Vec<Canary>,
    variables: Vec<(String, String)>,
    said: Mutex<Vec<u8>>,
}

impl Home {
    /// An empty home: no configuration, no keys.
    pub fn bare() -> Self {
        let root = tempfile::Builder::new().prefix("weir-test-").tempdir().expect("a folder");
        for folder in ["home", "user", "out"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder inside it");
        }
        Self { root, canaries: Vec::new(), variables: Vec::new(), said: Mutex::default() }
    }

    /// A home whose three providers are all `provider`, each with a canary for a key.
    pub fn pointing_at(provider: &Provider) -> Self {
        let mut home = Self::bare();
        let mut chance = Seed::fixed(u64::from(provider.port()) << 20 | std::process::id() as u64);
        for (name, prefix) in [
            ("CANARY_ANTHROPIC_KEY", "sk-ant-api03-"),
            ("CANARY_OPENAI_KEY", "sk-proj-"),
            ("CANARY_GEMINI_KEY", "AIza"),
        ] {
            home.hide(name, format!("{prefix}{}", chance.word(40)));
        }
        home.configure(&providers(&provider.url()));
        home
    }

    /// The folder given as `WEIR_HOME`.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The folder given as `HOME`, where tools keep their settings.
    pub fn user(&self) -> PathBuf {
        self.root.path().join("user")
    }

    /// The folder where what the programs say is kept.
    pub fn out(&self) -> PathBuf {
        self.root.path().join("out")
    }

    /// The ledger file.
    pub fn ledger(&self) -> PathBuf {
        self.path().join("weir.db")
    }

    /// Writes `config.toml`.
    pub fn configure(&self, text: &str) {
        std::fs::write(self.path().join("config.toml"), text).expect("the home can be written");
    }

    /// Adds a secret to the environment of every program and to the search.
    pub fn hide(&mut self, name: &str, secret: String) {
        self.canaries.push(Canary { name: name.into(), secret });
    }

    /// Sets a variable in the environment of every program.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    /// The secrets of this home.
    pub fn canaries(&self) -> &[Canary] {
        &self.canaries
    }

    /// The secret of that name.
    #[track_caller]
    pub fn secret(&self, name: &str) -> &str {
        let canary = self.canaries.iter().find(|canary| canary.name == name);
        &canary.expect("a canary of that name").secret
    }

    /// The program, in this home and a clean environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.root.path().join("user")).env("WEIR_HOME", self.path());
        command.env("TZ", "UTC").env("NO_PROXY", "*");
        // Nobody restarts a server that a test kills, but where the test is about that.
        command.env("WEIR_GUARD", "off");
        for canary in &self.canaries {
            command.env(&canary.name, &canary.secret);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `weir` with these arguments to its end.
    pub fn weir(&self, args: &[&str]) -> Ran {
        self.weir_reading(args, "")
    }

    /// Runs `weir` with `input` on its stdin.
    pub fn weir_reading(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("weir starts");
        let mut stdin = child.stdin.take().expect("a pipe was asked for");
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("weir ends");
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        self.heard(ran.stdout.as_bytes());
        self.heard(ran.stderr.as_bytes());
        ran
    }

    /// A new tool's token, which joins the secrets that must not be found.
    pub fn token(&mut self, name: &str) -> String {
        let ran = self.command(&["client", "add", name]).output().expect("weir starts");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "client add: {said}{stderr}");
        let token = said.trim_end_matches('\n').to_owned();
        assert!(token.starts_with("weir_") && !token.contains('\n'), "one line: {said:?}");
        self.hide("TOKEN_OF_A_TOOL", token.clone());
        token
    }

    /// Keeps what was said for the search for secrets.
    pub fn heard(&self, bytes: &[u8]) {
        let mut said = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        said.extend_from_slice(bytes);
        said.push(b'\n');
    }

    /// Everything programs and answers said so far.
    pub fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Every request is one attempt, and no route ever rests: what a test that is not about fail-over
/// counts on.
pub const ONE_ATTEMPT: &str = "[failover]\nattempts_per_route = 1\nfailures = 0\n\n";

/// A configuration with the three providers of the tests at `url`, each asked once.
pub fn providers(url: &str) -> String {
    ONE_ATTEMPT.to_owned() + &bare_providers(url)
}

/// The same with fail-over as it is by default.
pub fn bare_providers(url: &str) -> String {
    let one = |name: &str, version: &str, key: &str| {
        format!(
            "[providers.{name}]\ndialect = \"{name}\"\nbase_url = \"{url}{version}\"\n\
             key = \"env:{key}\"\nlocal = false\n\n"
        )
    };
    one("anthropic", "", "CANARY_ANTHROPIC_KEY")
        + &one("openai", "/v1", "CANARY_OPENAI_KEY")
        + &one("gemini", "", "CANARY_GEMINI_KEY")
}

/// The `weir` program: `WEIR_BIN`, or the one of this workspace, built first if need be in the
/// profile of these tests or the one `WEIR_PROFILE` names.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("WEIR_BIN") {
            return path.into();
        }
        let tests = std::env::current_exe().expect("a test knows where it is");
        let folder = tests.ancestors().nth(2).expect("target/PROFILE/deps/suite");
        let own = if folder.ends_with("release") { "release" } else { "dev" };
        let profile = std::env::var("WEIR_PROFILE").unwrap_or_else(|_| own.into());
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--package", "weir-cli", "--profile", &profile])
            .current_dir(repository())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "weir does not build");
        let named = match profile.as_str() {
            "dev" => "debug",
            "bench" => "release",
            other => other,
        };
        let target = folder.parent().expect("target/PROFILE");
        target.join(named).join(format!("weir{}", std::env::consts::EXE_SUFFIX))
    })
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is inside the repository")
}
