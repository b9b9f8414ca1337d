//! The arrangement of every scenario: a primary that misbehaves as it is told, a fallback that does
//! not, both behind one scripted provider, and a client of each dialect.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_tests::answers::{Reply, natural};
use weir_tests::tokens::{HAIKU, MINI};
use weir_tests::{Answer, Asked, Home, Kind, Provider, Response, Rig, Step, Tokens, Turn};

/// Words of an answer, as the public suite counts its tokens.
pub const WORDS: usize = 60;

/// A client and the kind of provider behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// What the client speaks.
    pub client: Kind,
    /// What both providers speak.
    pub served: Kind,
}

/// Every lane; the last one is translated.
pub const LANES: [Lane; 4] = [
    Lane { client: Kind::Messages, served: Kind::Messages },
    Lane { client: Kind::Chat, served: Kind::Chat },
    Lane { client: Kind::Responses, served: Kind::Responses },
    Lane { client: Kind::Messages, served: Kind::Chat },
];

/// Whether times are the public suite's own.
pub fn full() -> bool {
    std::env::var_os("WEIR_FAILOVER_FULL").is_some()
}

/// A time of the public suite, or a tenth of it.
pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(if full() { millis } else { millis / 10 })
}

/// A bound of the public suite; shortened, it has three seconds more for a machine under load.
pub fn at_most(millis: u64) -> Duration {
    ms(millis) + if full() { Duration::ZERO } else { Duration::from_secs(3) }
}

impl Lane {
    /// Its dialect, which is also the primary's name: prices are known by it.
    pub fn dialect(self) -> &'static str {
        if self.served == Kind::Messages { "anthropic" } else { "openai" }
    }

    /// The models of the primary and the fallback.
    pub fn models(self) -> [&'static str; 2] {
        match self.served {
            Kind::Messages => [HAIKU, "claude-sonnet-4-5"],
            _ => [MINI, "gpt-4.1"],
        }
    }

    /// A stream of `WORDS` words, each marked with who says it.
    pub fn turn(self, who: &str, model: &str) -> Turn {
        self.turn_of(WORDS, who, model)
    }

    /// The same with as many words as are wanted.
    pub fn turn_of(self, words: usize, who: &str, model: &str) -> Turn {
        let text = (0..words).map(|n| format!("{who}{n:02} ")).collect();
        let turn = Turn::new(self.served, Tokens::plain(100, 60));
        Turn { text, model: model.into(), usage_chunk: true, ..turn }
    }

    /// An error of this provider's dialect.
    pub fn error(self, status: u16, code: &str, message: &str) -> Reply {
        let body = match self.served {
            Kind::Messages => {
                format!(r#"{{"type":"error","error":{{"type":"{code}","message":"{message}"}}}}"#)
            }
            _ => format!(
                r#"{{"error":{{"message":"{message}","type":"x","param":null,"code":"{code}"}}}}"#
            ),
        };
        Reply::json(status, body)
    }
}

/// A stream up to and with a word.
pub fn up_to(mut reply: Reply, word: &str) -> Reply {
    let says = |frame: &Vec<u8>| frame.windows(word.len()).any(|part| part == word.as_bytes());
    let last = reply.frames.iter().position(says);
    reply.frames.truncate(last.expect("the word is said") + 1);
    reply.told = None;
    reply
}

/// An answer without its last step: the chunk that says the body is complete.
pub fn unended(mut answer: Answer, last: Vec<Step>) -> Answer {
    answer.steps.pop();
    answer.steps.extend(last);
    answer
}

/// A running arrangement.
pub struct Course {
    pub rig: Rig,
    pub lane: Lane,
    hold: bool,
    times: Arc<Mutex<Vec<Instant>>>,
}

/// A response and how long it took.
pub struct Timed {
    pub response: Response,
    pub took: Duration,
}

impl Course {
    /// `primary` answers the n-th request to the primary; the fallback answers everything.
    pub fn of(
        lane: Lane,
        hold: bool,
        primary: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let fallback =
            move |lane: Lane, _: &Asked| lane.turn("fall", lane.models()[1]).stream().answer();
        Self::with(lane, hold, "", primary, fallback)
    }

    /// The same with more configuration and a fallback of its own.
    pub fn with(
        lane: Lane,
        hold: bool,
        more: &str,
        primary: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
        fallback: impl Fn(Lane, &Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = Arc::clone(&times);
        let provider = Provider::answering(move |asked| {
            if asked.path().starts_with("/primary/") {
                let mut times = noted.lock().expect("no test panics while it notes");
                times.push(Instant::now());
                let number = times.len();
                drop(times);
                primary(number, asked)
            } else if asked.path().starts_with("/fallback/") {
                fallback(lane, asked)
            } else {
                natural(asked)
            }
        });
        let home = Home::pointing_at(&provider);
        home.configure(&configuration(&provider.url(), lane, more));
        let mut rig = Rig::in_home(home, provider);
        rig.searched = false;
        Self { rig, lane, hold, times }
    }

    /// Asks the chain and reads the whole response.
    #[track_caller]
    pub fn ask(&self, marker: &str) -> Timed {
        self.ask_model("weir-low", marker)
    }

    /// Asks the primary alone.
    #[track_caller]
    pub fn ask_alone(&self, marker: &str) -> Timed {
        self.ask_model(&format!("{}/{}", self.lane.dialect(), self.lane.models()[0]), marker)
    }

    /// Whether a provider beside these two is reached as ever.
    #[track_caller]
    pub fn stays_healthy(&self, marker: &str) {
        let timed = self.ask_model(&format!("steady/{}", self.lane.models()[1]), marker);
        assert_eq!(timed.response.status, 200, "{}", timed.response.text());
    }

    #[track_caller]
    pub fn ask_model(&self, model: &str, marker: &str) -> Timed {
        let client = self.rig.client().expecting(&["retry-after-ms"]);
        let kind = self.lane.client;
        let body = kind.ask(model, true, "How does water find its level?").to_string();
        let agent = format!("tests marker/{marker}");
        let mut headers = vec![("user-agent", agent.as_str()), ("x-weir-session", marker)];
        if self.hold {
            headers.push(("x-weir-hold", "on"));
        }
        let call = client.post(&kind.path(model, true), &headers, body.as_bytes());
        let began = Instant::now();
        let response = client.send(&call);
        Timed { response, took: began.elapsed() }
    }

    /// When the primary was asked.
    pub fn primary(&self) -> Vec<Instant> {
        self.times.lock().expect("no test panics while it notes").clone()
    }

    /// Attempts at the primary within `time` of the first.
    pub fn primary_within(&self, time: Duration) -> usize {
        let times = self.primary();
        times.iter().filter(|at| **at - times[0] <= time).count()
    }
}

fn configuration(url: &str, lane: Lane, more: &str) -> String {
    let dialect = lane.dialect();
    let version = if dialect == "openai" { "/v1" } else { "" };
    let key = dialect.to_ascii_uppercase();
    let one = |name: &str, path: &str| {
        format!(
            "[providers.{name}]\ndialect = \"{dialect}\"\nbase_url = \"{url}/{path}{version}\"\n\
             key = \"env:CANARY_{key}_KEY\"\nlocal = false\n\n"
        )
    };
    let [first, second] = lane.models();
    let quick = "[failover]\nwait = \"1s\"\ntotal = \"12s\"\nfirst_content = \"1200ms\"\n\
                 first_thought = \"1200ms\"\nstall = \"18s\"\nrest = \"1s\"\nrest_max = \"2500ms\"\n";
    let times = if full() { "" } else { quick };
    let chain =
        format!("[tiers]\nlow = [\"{dialect}/{first}\", \"fallback/{second}\"]\n\n{times}{more}\n");
    one(dialect, "primary") + &one("fallback", "fallback") + &one("steady", "steady") + &chain
}

/// What a client was given.
#[derive(Debug, PartialEq, Eq)]
pub enum Given {
    /// The whole answer of one provider, with its end.
    Whole(String),
    /// An error, in the client's dialect.
    Error,
    /// Anything else: part of an answer passed for the whole, two answers in one, garbage.
    Bad(String),
}

/// Reads a response as a strict client would.
pub fn given(kind: Kind, response: &Response) -> Given {
    let text = response.text();
    if response.status != 200 {
        let sound = serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|body| {
            body["error"]["message"].is_string()
                && (kind != Kind::Messages || body["type"] == "error")
        });
        return if sound { Given::Error } else { Given::Bad(text) };
    }
    let mut said = String::new();
    let (mut ended, mut failed) = (false, false);
    let mut damaged = None;
    for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if line == "[DONE]" {
            continue;
        }
        let Ok(data) = serde_json::from_str::<serde_json::Value>(line) else {
            damaged = damaged.or(Some(format!("not JSON: {line}")));
            continue;
        };
        let kind = data["type"].as_str().unwrap_or_default();
        failed |= data["error"].is_object() || kind == "error" || kind == "response.failed";
        ended |= kind == "message_stop"
            || kind == "response.completed"
            || data["choices"][0]["finish_reason"] == "stop";
        for piece in [
            &data["delta"]["text"],
            &data["choices"][0]["delta"]["content"],
            if kind == "response.output_text.delta" { &data["delta"] } else { &data["none"] },
        ] {
            said.push_str(piece.as_str().unwrap_or_default());
        }
    }
    // Half an event that had gone before its connection broke is borne when the error follows.
    if let (Some(damaged), false) = (damaged, failed) {
        return Given::Bad(damaged);
    }
    if failed {
        // An error after the end, or an end after an error, would be two stories.
        return if ended { Given::Bad(text) } else { Given::Error };
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    let who = words.first().map_or("", |word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let expected: Vec<String> = (0..WORDS).map(|n| format!("{who}{n:02}")).collect();
    if ended && response.complete && words == expected {
        return Given::Whole(who.to_owned());
    }
    Given::Bad(text)
}

/// The answer came whole from `who`.
#[track_caller]
pub fn whole(course: &Course, timed: &Timed, who: &str) {
    let given = given(course.lane.client, &timed.response);
    let head = &timed.response.head;
    assert_eq!(given, Given::Whole(who.into()), "{:?}: {head:?}", course.lane);
    let route = timed.response.header("x-weir-route");
    assert_eq!(route.starts_with("fallback/"), who == "fall", "{route}");
}

/// The client was told an error in its own dialect, and nothing that looks like an answer.
#[track_caller]
pub fn safe(course: &Course, timed: &Timed) {
    let given = given(course.lane.client, &timed.response);
    assert_eq!(given, Given::Error, "{:?}: {}", course.lane, timed.response.text());
}

/// Each lane, released live, and the first and the translated one held until complete as well; with
/// the suite's own times all of them.
pub fn each(mut run: impl FnMut(Lane, bool)) {
    for lane in LANES {
        run(lane, false);
        if full() || lane == LANES[0] || lane == LANES[3] {
            run(lane, true);
        }
    }
}

/// Each lane, released live and held until complete.
pub fn each_both(mut run: impl FnMut(Lane, bool)) {
    for lane in LANES {
        for hold in [false, true] {
            run(lane, hold);
        }
    }
}
