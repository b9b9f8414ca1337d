//! The names tools travel under: the client's own wherever the target allows them, else one that
//! stands for exactly one tool and is known again on the way back.

use super::conversation::{Conversation, Input};
use super::{Form, SentTool, Target, ids};
use std::borrow::Cow;

/// The tools of one request that do not travel simply as themselves.
pub(super) struct Names {
    form: Form,
    tools: Vec<SentTool>,
}

impl Names {
    /// Names every tool of the conversation for the target.
    pub fn of(conversation: &Conversation<'_>, target: &Target<'_>) -> Self {
        let freeform_sent =
            target.traits.freeform && matches!(target.form, Form::Responses | Form::Chat);
        let mut names = Self { form: target.form, tools: Vec::new() };
        let plain = |name: &str| {
            conversation.tools.iter().any(|tool| tool.namespace.is_none() && tool.name == name)
        };
        for tool in &conversation.tools {
            let freeform = matches!(tool.input, Input::Free(_));
            let mut sent = names.fitted(tool.namespace.as_deref(), &tool.name).into_owned();
            let moved = sent != *tool.name || tool.namespace.is_some();
            // A joined name may be another tool's own.
            while moved && (plain(&sent) || names.tools.iter().any(|known| known.sent == sent)) {
                sent = ids::tool_name(target.form, &format!("{sent}.")).into_owned();
            }
            if moved || freeform {
                names.tools.push(SentTool {
                    sent,
                    name: tool.name.to_string(),
                    namespace: tool.namespace.as_deref().map(str::to_owned),
                    freeform,
                    freeform_sent: freeform && freeform_sent,
                });
            }
        }
        names
    }

    /// The name a tool, or a call of one, travels under.
    pub fn sent<'a>(&'a self, namespace: Option<&str>, name: &'a str) -> Cow<'a, str> {
        match self.tool(namespace, name) {
            Some(tool) => Cow::Borrowed(&tool.sent),
            None => self.fitted(namespace, name),
        }
    }

    /// Whether a tool of free text travels as such.
    pub fn freeform_sent(&self, namespace: Option<&str>, name: &str) -> bool {
        self.tool(namespace, name).is_some_and(|tool| tool.freeform_sent)
    }

    /// What the way back needs.
    pub fn into_tools(self) -> Vec<SentTool> {
        self.tools
    }

    fn tool(&self, namespace: Option<&str>, name: &str) -> Option<&SentTool> {
        self.tools.iter().find(|tool| tool.name == name && tool.namespace.as_deref() == namespace)
    }

    fn fitted<'a>(&self, namespace: Option<&str>, name: &'a str) -> Cow<'a, str> {
        match namespace {
            None => ids::tool_name(self.form, name),
            Some(space) => {
                let joint = if space.ends_with('_') { "" } else { "__" };
                let whole = format!("{space}{joint}{name}");
                Cow::Owned(ids::tool_name(self.form, &whole).into_owned())
            }
        }
    }
}
