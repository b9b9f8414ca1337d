//! One look at one configured server: asks, tells what answers, and judges how it stands.
//! Owns the waits. Asks nothing that changes a server or wakes a model.

use super::address::{is_here, root};
use super::kind::{Answers, Kind};
use super::{Reading, State, address};
use futures_util::future::join_all;
use std::time::Duration;
use weir_core::Dialect;
use weir_core::route::Provider;
use weir_proxy::probe::{Prober, Question, Silence};
use weir_proxy::secret::Secret;

/// The wait for a server that may not be there at all.
pub const SEARCH_WAIT: Duration = Duration::from_millis(300);
/// The wait for a server the user wrote down, or that was there before: it may be busy.
pub const KNOWN_WAIT: Duration = Duration::from_secs(2);

/// Whom to look at.
pub struct Target<'a> {
    /// As it is configured.
    pub provider: &'a Provider,
    /// Its key, where it takes one.
    pub key: Option<Secret>,
    /// The roots to try, the likeliest first.
    pub places: Vec<String>,
    /// What it was at the last look.
    pub was: Option<Kind>,
    /// Whether the user wrote it down.
    pub written: bool,
    /// Whether Weir has something to start it with.
    pub startable: bool,
    /// The wait for each question.
    pub wait: Duration,
    /// Where LM Studio's application greets while its server may be off.
    pub greetings: Vec<String>,
}

/// What a look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How it stands.
    pub state: State,
    /// What it is.
    pub kind: Option<Kind>,
    /// The root that answered.
    pub root: Option<String>,
    /// What there is to say, with the fix.
    pub reason: Option<String>,
    /// What it said.
    pub reading: Reading,
    /// Whether another program answers at the address requests would go to.
    pub foreign: bool,
}

/// What one place answered.
enum Place {
    Server(Kind, Box<Reading>),
    Other,
    Nothing(Silence),
}

impl Target<'_> {
    /// What its name or an earlier look says it is.
    fn expected(&self) -> Option<Kind> {
        self.was.or_else(|| Kind::of_preset(&self.provider.name))
    }

    /// Looks at every place at once; the likeliest that answers counts.
    pub async fn look(&self, prober: &Prober) -> Seen {
        let places = join_all(self.places.iter().map(|root| self.place(prober, root))).await;
        let mut absent = Silence::Absent;
        let mut other = None;
        for (root, place) in self.places.iter().zip(places) {
            match place {
                Place::Server(kind, reading) if self.takes(kind) => {
                    return self.here(kind, root, *reading);
                }
                Place::Server(kind, _) => other = other.or(Some((root, Some(kind)))),
                Place::Other => other = other.or(Some((root, None))),
                Place::Nothing(why) => absent = why,
            }
        }
        match other {
            Some((root, found)) if self.written || self.was.is_some() => self.changed(root, found),
            _ if self.provider.name == Kind::LmStudio.as_str() && self.greets(prober).await => {
                let fix = if self.startable {
                    format!("Start it: weir local start {}", self.provider.name)
                } else {
                    "Turn it on in LM Studio, under Developer".to_owned()
                };
                let reason = format!("LM Studio runs and its server is off. {fix}");
                Seen { state: State::Off, reason: Some(reason), ..Seen::default() }
            }
            // Where requests would go: the likeliest place.
            Some((root, _))
                if self.places.first() == Some(root)
                    || root == address::root(&self.provider.base_url) =>
            {
                let absent = self.absent(&Silence::Absent);
                let reason =
                    format!("something else answers at {root}. Look at what listens there");
                Seen { reason: Some(reason), foreign: true, ..absent }
            }
            _ => self.absent(&absent),
        }
    }

    /// A server nobody wrote down must be what its name says; one that was known must be the same.
    fn takes(&self, kind: Kind) -> bool {
        match (self.was, self.written) {
            (Some(was), _) => was == kind,
            (None, true) => true,
            (None, false) => Kind::of_preset(&self.provider.name) == Some(kind),
        }
    }

    async fn place(&self, prober: &Prober, root: &str) -> Place {
        if let Err(silence) = self.reaches(root).await {
            return Place::Nothing(silence);
        }
        let expected = self.expected();
        if let Some(kind) = expected {
            match self.ask(prober, root, kind.paths()).await {
                Err(silence) => return Place::Nothing(silence),
                Ok(answers) if kind.answers(&answers) => {
                    return Place::Server(kind, Box::new(kind.read(&answers)));
                }
                // Foreign servers are not asked more than the one question they failed.
                Ok(_) if !self.written => return Place::Other,
                Ok(_) => {}
            }
        }
        let marks = match self.ask(prober, root, &Kind::MARKS).await {
            Err(silence) => return Place::Nothing(silence),
            Ok(marks) => marks,
        };
        let Some(kind) = Kind::told(&marks) else { return Place::Other };
        match self.ask(prober, root, kind.paths()).await {
            Err(silence) => Place::Nothing(silence),
            Ok(answers) => Place::Server(kind, Box::new(kind.read(&answers))),
        }
    }

    /// Whether anything listens there: asked of this machine alone, where the answer is instant and
    /// usually no.
    async fn reaches(&self, root: &str) -> Result<(), Silence> {
        let Ok(origin) = crate::config::url::origin(root) else { return Err(Silence::Absent) };
        if !is_here(root) {
            return Ok(());
        }
        let connect = tokio::net::TcpStream::connect((origin.host.as_str(), origin.port));
        match tokio::time::timeout(self.wait, connect).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(Silence::Absent),
            Err(_) => Err(Silence::Late(self.wait)),
        }
    }

    async fn ask(
        &self,
        prober: &Prober,
        root: &str,
        paths: &'static [&'static str],
    ) -> Result<Answers, Silence> {
        let ask = |path: &'static str| {
            let question = Question::get(url(self.provider, root, path), self.wait);
            let key = self.key.as_ref().map(|key| (self.provider, key));
            async move { (path, prober.ask(question, key).await) }
        };
        let mut answers = Answers::default();
        let mut silence = Silence::Absent;
        for (path, heard) in join_all(paths.iter().copied().map(ask)).await {
            match heard {
                Ok(heard) => answers.add(path, heard),
                Err(why) => silence = why,
            }
        }
        if answers.is_empty() { Err(silence) } else { Ok(answers) }
    }

    async fn greets(&self, prober: &Prober) -> bool {
        let greeting = async |place: &String| {
            if self.reaches(place).await.is_err() {
                return false;
            }
            let answers = self.ask(prober, place, &["/lmstudio-greeting"]).await;
            answers.is_ok_and(|answers| Kind::LmStudio.answers(&answers))
        };
        // Only for the address nobody wrote: a server elsewhere has its own application.
        is_here(&self.provider.base_url)
            && join_all(self.greetings.iter().map(greeting)).await.contains(&true)
    }

    fn here(&self, kind: Kind, root: &str, reading: Reading) -> Seen {
        let name = &self.provider.name;
        let (state, reason) = if reading.loading {
            (State::Loading, Some("it is still loading its model; try again soon".to_owned()))
        } else if reading.wants_key && self.key.is_none() {
            let reason = format!(
                "it asks for a key. Write key = \"keychain\" in [providers.{name}], then run: \
                 weir key set {name}"
            );
            (State::Up, Some(reason))
        } else {
            (State::Up, None)
        };
        let root = Some(root.to_owned());
        Seen { state, kind: Some(kind), root, reason, reading, foreign: false }
    }

    fn changed(&self, root: &str, found: Option<Kind>) -> Seen {
        let name = &self.provider.name;
        let now = found.map_or("not as a model server does", |kind| match kind {
            Kind::Generic => "as some OpenAI-compatible server does",
            kind => kind.title(),
        });
        let reason = match (self.was, found) {
            (Some(was), Some(_)) => format!(
                "{root} was {} and now answers like {now}. If that is right, start Weir anew; if \
                 not, look at what listens there",
                was.title()
            ),
            (Some(was), None) => format!(
                "{root} was {} and now answers {now}. Look at what listens there",
                was.title()
            ),
            (None, _) => format!("{root} answers {now}. Correct base_url in [providers.{name}]"),
        };
        Seen { state: State::Changed, kind: self.was, reason: Some(reason), ..Seen::default() }
    }

    fn absent(&self, why: &Silence) -> Seen {
        let name = &self.provider.name;
        let title = self.expected().map_or(name.as_str(), |kind| kind.title());
        let at = self.places.first().map_or(self.provider.base_url.as_str(), String::as_str);
        let reason = match why {
            Silence::Absent if is_here(at) && self.startable => {
                format!("{title} is not running at {at}. Start it: weir local start {name}")
            }
            Silence::Absent if is_here(at) => format!(
                "{title} is not running at {at}, and its program was not found. Install it, or \
                 start it yourself"
            ),
            Silence::Absent => format!("{title} cannot be reached at {at}. Start it there"),
            other => format!("{title} at {at}: {other}"),
        };
        Seen { state: State::Down, kind: self.was, reason: Some(reason), ..Seen::default() }
    }
}

/// The address of a path on a server. OpenAI's paths hang below a base URL as it is written.
pub fn url(provider: &Provider, place: &str, path: &str) -> String {
    let base = provider.base_url.trim_end_matches('/');
    let unversioned = provider.dialect == Dialect::OpenAi && !base.ends_with("/v1");
    match path.strip_prefix("/v1") {
        Some(rest) if unversioned && root(base) == place => format!("{place}{rest}"),
        _ => format!("{place}{path}"),
    }
}

/// The base URL of a root, as a provider of this dialect writes it.
pub fn base_url(provider: &Provider, place: &str) -> String {
    if address::root(&provider.base_url) == place {
        return provider.base_url.clone();
    }
    match provider.dialect {
        Dialect::OpenAi => format!("{place}/v1"),
        _ => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use weir_proxy::probe::blocking;

    /// Answers one question as LM Studio's application does, whatever connects before.
    fn application() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut asked = [0; 1_024];
                let read = stream.read(&mut asked).unwrap_or(0);
                if asked[..read].starts_with(b"GET /lmstudio-greeting ") {
                    let said = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                                content-length: 17\r\nconnection: close\r\n\r\n{\"lmstudio\":true}";
                    return stream.write_all(said.as_bytes()).unwrap();
                }
            }
        });
        format!("http://127.0.0.1:{port}")
    }

    fn nobody() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port())
    }

    fn look(greetings: Vec<String>) -> Seen {
        let place = nobody();
        let base_url = format!("{place}/v1");
        let provider = Provider { base_url, ..crate::config::preset("lmstudio").unwrap() };
        let target = Target {
            provider: &provider,
            key: None,
            places: vec![place],
            was: None,
            written: false,
            startable: true,
            wait: KNOWN_WAIT,
            greetings,
        };
        blocking(async { target.look(&Prober::default()).await }).unwrap()
    }

    #[test]
    fn lm_studio_with_its_server_off_is_known_by_its_applications_greeting() {
        let seen = look(vec![nobody(), application()]);
        assert_eq!(seen.state, State::Off);
        let reason = seen.reason.unwrap_or_default();
        assert!(reason.contains("weir local start lmstudio"), "{reason}");
        let seen = look(vec![nobody()]);
        assert_eq!((seen.state, seen.kind), (State::Down, None::<Kind>));
    }
}
