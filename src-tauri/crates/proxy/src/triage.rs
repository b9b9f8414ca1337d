//! Stage three: what a request is, and which conversation it belongs to. Hints of the client win over
//! what is judged; headers of coding tools name the part of their work. Judging itself is `triage`.

use crate::read::{Asked, hints};
use http::{HeaderMap, HeaderName, HeaderValue};
use weir_core::route::{Tier, routed};
use weir_core::{Class, Conversation, Endpoint, Judgement};
use weir_triage::{Task, is_envelope};
use weir_wire::outline::{self, Outline, fingerprint};

const CLASS: HeaderName = HeaderName::from_static("x-claude-code-request-class");
const AGENT_TYPE: HeaderName = HeaderName::from_static("x-claude-code-agent-type");
const AGENT_ID: HeaderName = HeaderName::from_static("x-claude-code-agent-id");
const COMPACTION: HeaderName = HeaderName::from_static("x-claude-code-compaction");
/// Codex names its own side work so.
const CODEX_SUBAGENT: HeaderName = HeaderName::from_static("x-openai-subagent");

/// What triage made of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    /// Task and tier; `None` for what is not judged, such as model lists and token counts. A tier
    /// that the request names itself stands in the place of the one it was judged to be.
    pub judgement: Option<Judgement>,
    /// The tier it was judged to be, where it names one itself.
    pub judged_tier: Option<Tier>,
    /// The conversation it belongs to.
    pub conversation: Option<Conversation>,
    /// Whether more requests over the same prompt are to be expected: tools, or turns before.
    pub goes_on: bool,
}

/// What a client said of a request beside its body.
#[derive(Clone, Copy, Debug, Default)]
struct Told<'a> {
    task: Option<Task>,
    tier: Option<Tier>,
    session: Option<&'a str>,
    agent: Option<&'a str>,
    class: Option<Class>,
}

/// Judges a request.
pub fn judge(asked: &Asked) -> Judged {
    let told = Told {
        task: asked.hints.task,
        tier: routed(&asked.model).flatten().or(asked.hints.tier),
        session: asked.hints.session.as_deref().or(asked.facts.session.as_deref()),
        ..Told::by_headers(&asked.headers)
    };
    judged(asked.accepted.target.endpoint, asked.json(), &told)
}

/// Judges a body that nobody sent, with the headers it would have come with.
///
/// # Errors
/// A hint among the headers says what no hint may say; one sentence names it.
pub fn judge_body<'a>(
    endpoint: Endpoint,
    model: &str,
    body: &[u8],
    session: Option<&str>,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Judged, String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || format!("the header {name} is none that HTTP allows");
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        map.append(name, HeaderValue::from_str(value).map_err(|_| bad())?);
    }
    let hints = hints(&map).map_err(|refused| refused.message)?;
    let told = Told {
        task: hints.task,
        tier: routed(model).flatten().or(hints.tier),
        session: hints.session.as_deref().or(session),
        ..Told::by_headers(&map)
    };
    Ok(judged(endpoint, body, &told))
}

impl<'a> Told<'a> {
    fn by_headers(headers: &'a HeaderMap) -> Self {
        let text = |name: &HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
        };
        let agent = text(&AGENT_ID);
        let class = if text(&COMPACTION).is_some() {
            Some(Class::Compaction)
        } else {
            text(&CLASS)
                .map(named)
                .or_else(|| agent.or(text(&AGENT_TYPE)).map(|_| Class::Subagent))
                .or_else(|| text(&CODEX_SUBAGENT).map(by_codex))
        };
        Self { agent, class, ..Self::default() }
    }
}

/// The class a tool's header names. The list of its values is open: what is neither the
/// conversation nor an agent's is something beside it.
fn named(class: &str) -> Class {
    let class = class.to_ascii_lowercase();
    if ["main", "foreground", "user", "conversation"].contains(&class.as_str()) {
        Class::Main
    } else if class.contains("agent") {
        Class::Subagent
    } else if class.contains("compact") {
        Class::Compaction
    } else {
        Class::Auxiliary
    }
}

fn by_codex(work: &str) -> Class {
    if work.contains("compact") { Class::Compaction } else { Class::Subagent }
}

fn judged(endpoint: Endpoint, body: &[u8], told: &Told<'_>) -> Judged {
    if !endpoint.metered() {
        return Judged::default();
    }
    let outline = outline::read(endpoint, body, is_envelope);
    let mut judgement = weir_triage::judge(endpoint, &outline, told.class);
    if let Some(task) = told.task {
        (judgement.task, judgement.confidence) = (task, 1_000);
    }
    let judged_tier = told.tier.map(|tier| std::mem::replace(&mut judgement.tier, tier));
    Judged {
        judgement: Some(judgement),
        judged_tier,
        conversation: conversation(endpoint, &outline, judgement.class, told),
        goes_on: outline.tools || outline.replies > 0,
    }
}

/// The client's session with the agent it belongs to, else the opening of the conversation. What a
/// tool asks beside a conversation shares no prompt with it, and is none of its turns.
fn conversation(
    endpoint: Endpoint,
    outline: &Outline,
    class: Class,
    told: &Told<'_>,
) -> Option<Conversation> {
    if !endpoint.converses() {
        return None;
    }
    let Some(session) = told.session.filter(|_| class != Class::Auxiliary) else {
        return outline.opening.map(Conversation);
    };
    let own = fingerprint(1, session.as_bytes());
    Some(Conversation(told.agent.map_or(own, |agent| fingerprint(own, agent.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"system":"Be brief.","messages":[{"role":"user","content":"Translate to French: good morning"}]}"#;

    fn of(body: &[u8], headers: &[(&str, &str)]) -> Judged {
        judge_body(Endpoint::Messages, "claude-x", body, None, headers.iter().copied())
            .expect("sound headers")
    }

    fn class(headers: &[(&str, &str)]) -> Class {
        of(BODY, headers).judgement.expect("judged").class
    }

    #[test]
    fn a_hint_wins_over_what_is_judged() {
        let found = of(BODY, &[("x-weir-task", "planning"), ("x-weir-tier", "high")]);
        let found = found.judgement.expect("judged");
        assert_eq!((found.task, found.tier, found.confidence), (Task::Planning, Tier::High, 1_000));
        let wrong =
            judge_body(Endpoint::Chat, "m", BODY, None, [("x-weir-tier", "best")].into_iter());
        assert!(wrong.is_err_and(|why| why.contains("best")));
    }

    #[test]
    fn a_model_name_of_weirs_names_the_tier() {
        let none = std::iter::empty;
        for (model, tier) in [("weir-low", Tier::Low), ("claude-weir-high", Tier::High)] {
            let found = judge_body(Endpoint::Messages, model, BODY, None, none()).expect("sound");
            assert_eq!(found.judgement.map(|j| j.tier), Some(tier), "{model}");
        }
    }

    #[test]
    fn a_tier_that_is_named_stands_beside_the_one_that_was_judged() {
        let own = of(BODY, &[]);
        assert_eq!(own.judged_tier, None, "nothing was named");
        let named = of(BODY, &[("x-weir-tier", "high")]);
        assert_eq!(named.judgement.map(|j| j.tier), Some(Tier::High));
        assert_eq!(named.judged_tier, own.judgement.map(|j| j.tier));
        assert_ne!(named.judged_tier, Some(Tier::High));
    }

    #[test]
    fn headers_of_coding_tools_name_the_class() {
        assert_eq!(class(&[]), Class::Main);
        assert_eq!(class(&[("x-claude-code-agent-id", "a1")]), Class::Subagent);
        assert_eq!(class(&[("x-claude-code-agent-type", "Explore")]), Class::Subagent);
        assert_eq!(class(&[("x-claude-code-request-class", "title")]), Class::Auxiliary);
        assert_eq!(class(&[("x-claude-code-request-class", "main")]), Class::Main);
        let both = [("x-claude-code-compaction", "auto"), ("x-claude-code-agent-id", "a1")];
        assert_eq!(class(&both), Class::Compaction);
        assert_eq!(class(&[("x-openai-subagent", "review")]), Class::Subagent);
    }

    #[test]
    fn a_session_is_a_conversation_and_each_of_its_agents_another() {
        let session = ("x-claude-code-session-id", "s1");
        let other = br#"{"messages":[{"role":"user","content":"another opening"}]}"#;
        let main = of(BODY, &[session]).conversation;
        assert!(main.is_some());
        assert_eq!(main, of(other, &[session]).conversation);
        let agent = of(BODY, &[session, ("x-claude-code-agent-id", "a")]).conversation;
        assert_ne!(main, agent);
        assert_ne!(main, of(BODY, &[("x-claude-code-session-id", "s2")]).conversation);
        let title = of(BODY, &[session, ("x-claude-code-request-class", "title")]).conversation;
        assert_ne!(main, title);
    }

    #[test]
    fn without_a_session_the_opening_is_the_conversation() {
        let grown = br#"{"system":"Be brief.","messages":[{"role":"user","content":"Translate to French: good morning"},{"role":"assistant","content":"bonjour"},{"role":"user","content":"and good night?"}]}"#;
        let (first, second) = (of(BODY, &[]), of(grown, &[]));
        assert_eq!(first.conversation, second.conversation);
        assert!(!first.goes_on && second.goes_on);
    }

    #[test]
    fn a_token_count_is_not_judged() {
        let none = std::iter::empty();
        let found = judge_body(Endpoint::MessagesCount, "m", BODY, Some("s"), none).expect("sound");
        assert!(found.judgement.is_none() && found.conversation.is_none());
    }
}
