//! Fail-over where its reason is hidden: an error that comes compressed, inside a success.

use weir_tests::answers::Reply;
use weir_tests::encoding::Coding;
use weir_tests::tokens::HAIKU;
use weir_tests::{Home, Kind, Provider, Rig, home};

#[test]
fn an_error_inside_a_compressed_stream_is_read_before_the_client_sees_any_of_it() {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    let mut text = home::providers(&provider.url());
    text.push_str(&format!(
        "[providers.first]\ndialect = \"anthropic\"\nbase_url = \"{}\"\n\
         key = \"env:CANARY_ANTHROPIC_KEY\"\nlocal = false\n\n\
         [tiers]\nlow = [\"first/{HAIKU}\", \"anthropic/{HAIKU}\"]\n",
        provider.url()
    ));
    home.configure(&text);
    let rig = Rig::in_home(home, provider);
    // A fault of the request, which no other provider is asked about: only its text says so.
    let told = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\
                \"invalid_request_error\",\"message\":\"its own words\"}}\n\n";
    let headers = vec![("content-type".into(), "text/event-stream".into())];
    let reply = Reply { headers, ..Reply::json(200, told) };
    rig.provider.script(reply.coded(Coding::Gzip).answer());
    let request = rig.client().call_model(Kind::Messages, "weir-low", true, "compressed");
    let response = rig.client().send(&request);
    assert_eq!(response.status, 400, "{}", response.text());
    assert!(response.text().contains("its own words"), "{}", response.text());
    assert_eq!(rig.provider.count(), 1, "nobody else is asked");
    rig.settled("compressed");
}

/// A server of somebody's own that refuses the first request at `/v1/responses` with a 404 of these
/// words, and answers everything else.
fn asked_at(words: &'static str) -> Vec<String> {
    let refused = std::sync::atomic::AtomicBool::new(false);
    let provider = Provider::answering(move |asked| {
        let first = || !refused.swap(true, std::sync::atomic::Ordering::SeqCst);
        match asked.path().ends_with("/responses") && first() {
            true => Reply::json(404, words).answer(),
            false => weir_tests::answers::natural(asked),
        }
    });
    let home = Home::pointing_at(&provider);
    home.configure(&home::providers(&provider.url()));
    let rig = Rig::in_home(home, provider);
    for n in 0..2 {
        let client = rig.client();
        let call =
            client.call_model(Kind::Responses, "openai/gpt-4o-mini", false, &format!("n{n}"));
        assert_eq!(client.send(&call).status, 200);
    }
    rig.provider.truth().iter().map(|a| a.asked.path().to_owned()).collect()
}

#[test]
fn a_404_of_something_else_than_the_path_does_not_make_a_server_one_without_responses() {
    let lost = asked_at(r#"{"error":{"message":"The conversation conv_1 was not found."}}"#);
    let ends: Vec<_> = lost.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(ends, ["responses", "completions", "responses"], "asked there again");
    let older = asked_at(r#"{"detail":"Not Found"}"#);
    let ends: Vec<_> = older.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(ends, ["responses", "completions", "completions"], "remembered");
}
