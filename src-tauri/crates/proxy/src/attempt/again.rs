//! A provider that does not take a request in the form it was sent in is asked once more in
//! another one, and what it does not take is remembered.

use super::{Course, Head, Open, Sent, To, Try};
use crate::reply::Refused;
use weir_core::mask::Mask;
use weir_core::route::{Candidate, Provider};
use weir_core::verdict::Says;
use weir_core::{Endpoint, Metered, Outcome};
use weir_wire::hub;

impl Course<'_> {
    /// The first dialect of a server that may lack the endpoint at hand.
    pub(super) fn own_dialect(&self, provider: &Provider, at: &Candidate) -> Option<Endpoint> {
        let own = provider.own(at.endpoint, &at.route.model, self.asked.streams());
        own.filter(|own| *own != at.endpoint && !provider.is_the_vendor())
    }

    /// A server that may have no such endpoint, though its kind usually does (Responses at an
    /// OpenAI-compatible server, Messages at an older local one): asked once more in its first
    /// dialect, and remembered when that is there and the first was refused for its path. A 404 that
    /// speaks of the model goes to the client as it is, and so does one to a request that cannot be
    /// said in that dialect.
    pub(super) async fn in_own_dialect(
        &mut self,
        to: To<'_>,
        mut head: Head,
    ) -> Result<Try, Refused> {
        let text = head.peek_plain().await;
        let of_the_model = memchr::memmem::find(&text.to_ascii_lowercase(), b"model").is_some();
        let of_the_path = is_of_the_path(head.answer.status.as_u16(), &text);
        let own = self.own_dialect(to.provider, &to.candidate).filter(|_| !of_the_model);
        let Some(own) = own else { return Ok(self.begin(&to, head).await) };
        let quirks = &self.context.upstream_quirks;
        let candidate = Candidate { endpoint: own, ..to.candidate.clone() };
        let asks = crate::carry::wants_usage(self.asked, &candidate)
            && !quirks.rejects_usage(&to.provider.name);
        let instead = To { candidate, ..to };
        // Nothing is open at a provider twice.
        let Head { mut ticket, answer, way, limit } = head;
        // It is the same route: should the first have been its probe, the second is.
        self.spare = ticket.pass.take();
        let again = self.ask(&instead, asks).await;
        let unused = self.spare.take();
        let again = match again? {
            Sent::Failed(failed) if matches!(failed.open, Open::Nothing) => {
                ticket.pass = unused;
                let head = Head { ticket, answer, way, limit };
                return Ok(self.begin(&To { candidate: to.candidate, ..instead }, head).await);
            }
            other => other,
        };
        ticket.close(Outcome::UpstreamError, Metered::default(), false);
        let head = match again {
            Sent::Head(head) => *head,
            Sent::Failed(failed) | Sent::Stale(failed) => return Ok(Try::Failed(failed)),
        };
        // Where nothing is there, what stands before the server may be down.
        if of_the_path && !head.is_absent() && !head.answer.status.is_server_error() {
            quirks.note_lacks(&instead.provider.name, to.candidate.endpoint);
        }
        if asks && head.answer.status == 400 {
            return self.without_usage(instead, head).await;
        }
        Ok(self.begin(&instead, head).await)
    }

    /// Ollama counts what only its own tokenizer can. A prompt that it finds too long for the context the
    /// model is loaded with is asked once more with a longer one, where the model can have it. Any other
    /// refusal goes on as it is.
    pub(super) async fn with_more_room(
        &mut self,
        to: To<'_>,
        mut head: Head,
    ) -> Result<Try, Refused> {
        let text = head.peek_plain().await;
        let status = head.answer.status.as_u16();
        let full = hub::complaint(status, &text, &Mask::default()).says == Says::ContextFull;
        if !full || !self.local.grows() {
            return Ok(self.begin(&to, head).await);
        }
        self.spare = head.ticket.pass.take();
        head.ticket.close(Outcome::UpstreamError, Metered::default(), false);
        let again = self.ask(&to, false).await;
        self.spare = None;
        match again? {
            Sent::Head(head) => Ok(self.begin(&to, *head).await),
            Sent::Failed(failed) | Sent::Stale(failed) => Ok(Try::Failed(failed)),
        }
    }

    /// A 400 that may be about the `stream_options` Weir added: asked once more without, and
    /// remembered for the provider. Any other 400 goes on as it is.
    pub(super) async fn without_usage(
        &mut self,
        to: To<'_>,
        mut head: Head,
    ) -> Result<Try, Refused> {
        let text = head.peek_plain().await;
        let ours = [b"stream_options".as_slice(), b"include_usage"]
            .iter()
            .any(|needle| memchr::memmem::find(&text, needle).is_some());
        if !ours {
            return Ok(self.begin(&to, head).await);
        }
        self.context.upstream_quirks.note_rejects_usage(&to.provider.name);
        self.spare = head.ticket.pass.take();
        head.ticket.close(Outcome::UpstreamError, Metered::default(), false);
        let again = self.ask(&to, false).await;
        self.spare = None;
        match again? {
            Sent::Head(head) => Ok(self.begin(&to, *head).await),
            Sent::Failed(failed) | Sent::Stale(failed) => Ok(Try::Failed(failed)),
        }
    }
}

/// Words in which servers say that they know no such path; a 404 for something else names that.
const PATH_WORDS: [&str; 6] = ["page not found", "path", "url", "route", "endpoint", "cannot post"];

/// Whether a refusal is of the path itself, and so would be the next request's.
fn is_of_the_path(status: u16, body: &[u8]) -> bool {
    let body = body.trim_ascii();
    // A method or a path that is not there, and a page or nothing, are of no request's own.
    if status != 404 || body.is_empty() || body.starts_with(b"<") {
        return true;
    }
    let words = hub::complaint(status, body, &Mask::default()).words.to_ascii_lowercase();
    let bare = ["not found", "404 not found", "file not found"];
    bare.contains(&words.trim_end_matches('.')) || PATH_WORDS.iter().any(|w| words.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_404_is_of_the_path_where_a_server_says_so_or_no_more_than_that() {
        for (status, body) in [
            (405, "anything"),
            (501, ""),
            (404, ""),
            (404, "404 page not found"),
            (404, "<html><title>404 Not Found</title></html>"),
            (404, r#"{"detail":"Not Found"}"#),
            (404, r#"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#),
            (404, r#"{"error":"Unexpected endpoint or method. (POST /v1/responses)"}"#),
            (404, r#"{"error":{"message":"Invalid URL (POST /v1/responses)"}}"#),
            (404, r#"{"error":{"message":"Unknown request URL: POST /v1/responses"}}"#),
            (404, "Cannot POST /v1/responses"),
            (404, r#"{"message":"no Route matched with those values"}"#),
        ] {
            assert!(is_of_the_path(status, body.as_bytes()), "{status} {body}");
        }
        for body in [
            r#"{"error":{"message":"Previous response with id 'resp_1' not found."}}"#,
            r#"{"error":{"message":"The deployment for this resource does not exist"}}"#,
            r#"{"error":{"message":"No such file object: file-1"}}"#,
            r#"{"error":{"code":"not_found"}}"#,
        ] {
            assert!(!is_of_the_path(404, body.as_bytes()), "{body}");
        }
    }
}
