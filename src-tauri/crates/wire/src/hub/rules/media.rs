//! Files: what the target cannot see, read or reach is refused; plain text is told as text.

use crate::hub::conversation::{Conversation, Media, MediaKind, Part, Said, Source};
use crate::hub::{Family, Form, Rejected, Target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Texts whose types do not say so by their first word.
const TEXTS: [&str; 5] = [
    "application/json",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/javascript",
];

/// Checks every file, and turns documents of plain text into text where only Anthropic knows them.
pub(super) fn check(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
) -> Result<(), Rejected> {
    for turn in &mut conversation.turns {
        parts(&mut turn.parts, client, target)?;
    }
    Ok(())
}

fn parts(list: &mut Vec<Part<'_>>, client: Form, target: &Target<'_>) -> Result<(), Rejected> {
    let mut at = 0;
    while at < list.len() {
        match &mut list[at] {
            Part::Result(result) => parts(&mut result.parts, client, target)?,
            Part::Media(media) => {
                read_text(media, target);
                if let (Source::Text(text), false) = (&mut media.source, claude(target)) {
                    let text = std::mem::take(text);
                    let name = media.name.take();
                    list[at] = Part::Text(Said { text, mark: media.mark });
                    if let Some(name) = name {
                        list.insert(at, Part::text(name));
                        at += 1;
                    }
                } else {
                    one(media, client, target)?;
                }
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// A text that came as the bytes of a file, where the target takes such files as text alone.
fn read_text(media: &mut Media<'_>, target: &Target<'_>) {
    let takes_files = target.traits.documents && !claude(target) && target.form != Form::Ollama;
    let text = media.mime.as_deref().is_some_and(|mime| {
        let mime = mime.split(';').next().unwrap_or_default().trim();
        mime.starts_with("text/") || TEXTS.contains(&mime)
    });
    if takes_files || !text || media.kind != MediaKind::Document {
        return;
    }
    let Source::Base64(data) = &media.source else { return };
    let bytes = STANDARD.decode(data.as_bytes());
    if let Some(text) = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        media.source = Source::Text(text.into());
    }
}

/// Whether a file is one that Claude reads as its bytes.
fn is_pdf(media: &Media<'_>) -> bool {
    media.mime.as_deref().is_none_or(|mime| mime.eq_ignore_ascii_case("application/pdf"))
}

fn claude(target: &Target<'_>) -> bool {
    target.form == Form::Messages && target.traits.family == Family::Claude
}

fn one(media: &Media<'_>, client: Form, target: &Target<'_>) -> Result<(), Rejected> {
    let refused =
        |class: &str, sentence: String| Err(Rejected::capability(client, class, &sentence));
    let model = target.model;
    let traits = &target.traits;
    if matches!(media.source, Source::File(_)) && !same_files(client, target) {
        let sentence = "A file is named by an id that only its own provider knows, but this \
                        request goes to another. Send the file itself.";
        return refused("file_id", sentence.to_owned());
    }
    let url = matches!(media.source, Source::Url(_));
    match media.kind {
        MediaKind::Image if !traits.images => refused(
            "image_block",
            format!("{model} takes text only. Leave the image out, or name a model that sees."),
        ),
        MediaKind::Image if url && target.form == Form::Ollama => refused(
            "image_block",
            "Ollama does not fetch images from a URL. Send the image as base64.".to_owned(),
        ),
        MediaKind::Document if !traits.documents || target.form == Form::Ollama => refused(
            "document_block",
            format!("{model} reads no documents. Send the document's text."),
        ),
        MediaKind::Document
            if claude(target) && matches!(media.source, Source::Base64(_)) && !is_pdf(media) =>
        {
            let mime = media.mime.as_deref().unwrap_or_default();
            let sentence = format!("{model} reads PDF and text, not {mime}. Send its text.");
            refused("document_block", sentence)
        }
        MediaKind::Document if url && target.form == Form::Chat => refused(
            "document_block",
            "Chat Completions does not fetch documents from a URL. Send the file.".to_owned(),
        ),
        MediaKind::Audio if !traits.audio => {
            refused("audio_block", format!("{model} does not hear. Leave the sound out."))
        }
        MediaKind::Video if target.form != Form::Gemini => {
            refused("video_block", format!("{model} does not take video. Leave it out."))
        }
        _ => Ok(()),
    }
}

/// Whether the client's file ids mean something at the target: both are OpenAI's own API.
fn same_files(client: Form, target: &Target<'_>) -> bool {
    let openai = |form| matches!(form, Form::Chat | Form::Responses);
    openai(client) && openai(target.form) && target.traits.family == Family::Gpt
}
