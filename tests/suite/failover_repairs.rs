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
