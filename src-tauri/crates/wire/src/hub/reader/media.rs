//! Where files stand in requests: base64, data URLs, addresses, ids.

use crate::hub::conversation::{Media, MediaKind, Source};
use std::borrow::Cow;

/// A file of this kind at this place, with nothing else known.
pub(super) fn file<'a>(kind: MediaKind, source: Source<'a>) -> Media<'a> {
    Media { kind, source, mime: None, name: None, detail: None, mark: None }
}

/// What stands at a URL: a data URL is taken apart, any other stays one.
pub(super) fn at_url<'a>(kind: MediaKind, url: Cow<'a, str>) -> Media<'a> {
    let Some((mime, at)) = data_url(&url) else {
        let mime = mime_by_name(&url).map(Cow::Borrowed);
        return Media { mime, ..file(kind, Source::Url(url)) };
    };
    let mime = (!mime.is_empty()).then(|| Cow::Owned(mime.to_owned()));
    let data = match url {
        Cow::Borrowed(url) => Cow::Borrowed(&url[at..]),
        Cow::Owned(mut url) => Cow::Owned(url.split_off(at)),
    };
    Media { mime, ..file(kind, Source::Base64(data)) }
}

/// The MIME type an address ends with the name of.
pub(super) fn mime_by_name(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        _ => return None,
    })
}

/// The MIME type of a base64 data URL and where its data begin.
fn data_url(url: &str) -> Option<(&str, usize)> {
    let rest = url.strip_prefix("data:")?;
    let (head, _) = rest.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    let mime = mime.split(';').next().unwrap_or_default();
    Some((mime, "data:".len() + head.len() + 1))
}

/// The kind of file a MIME type names.
pub(super) fn kind_of(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_is_taken_apart_and_any_other_stays() {
        let media = at_url(MediaKind::Image, "data:image/png;base64,AAAA".into());
        assert_eq!(media.mime.as_deref(), Some("image/png"));
        assert_eq!(media.source, Source::Base64("AAAA".into()));
        let media = at_url(MediaKind::Image, "https://x.example/y.JPG?w=1".into());
        assert_eq!(media.mime.as_deref(), Some("image/jpeg"));
        assert_eq!(at_url(MediaKind::Image, "https://x.example/y".into()).mime, None);
        for url in ["https://x/y.png", "data:image/svg+xml,<svg/>", "data:"] {
            assert_eq!(at_url(MediaKind::Image, url.into()).source, Source::Url(url.into()));
        }
    }
}
