//! Answers that are released only when they are complete.

use super::course::{Course, LANES, Lane, whole};
use weir_tests::{Answer, Asked, Kind, Latch, Step};

fn held_up(lane: Lane, latch: &Latch) -> Answer {
    let mut answer = lane.turn("prim", lane.models()[0]).stream().answer();
    let last = answer.steps.len() - 2;
    answer.steps.insert(last, Step::Hold(latch.clone()));
    answer
}

#[test]
fn a_held_answer_comes_at_once_when_it_is_complete_and_a_live_one_as_it_is_made() {
    for (hold, header) in [(true, "on"), (false, "off")] {
        let lane = LANES[0];
        let latch = Latch::default();
        let gate = latch.clone();
        let course = Course::of(lane, false, move |_, _| held_up(lane, &gate));
        let model = format!("anthropic/{}", lane.models()[0]);
        let body = Kind::Messages.ask(&model, true, "hello").to_string();
        let headers =
            [("user-agent", "tests marker/h"), ("x-weir-session", "h"), ("x-weir-hold", header)];
        let client = course.rig.client();
        let mut exchange = client.open(&client.post("/v1/messages", &headers, body.as_bytes()));
        course.rig.provider.until("all but the end was sent", |truth| {
            truth.last().is_some_and(|attempt| attempt.waiting)
        });
        if !hold {
            let begun = exchange.bytes(200);
            assert!(begun.starts_with(b"HTTP/1.1 200"), "it flows before it is complete");
        }
        latch.open();
        if hold {
            let response = exchange.response().expect("an answer");
            assert_eq!(response.status, 200);
            assert!(response.text().contains("prim59") && response.text().contains("message_stop"));
        }
        course.rig.settled("h");
    }
}

#[test]
fn a_tool_whose_answers_are_held_by_configuration_needs_no_header() {
    let dies = |lane: Lane| {
        let begun = super::course::up_to(lane.turn("prim", lane.models()[0]).stream(), "prim39");
        super::course::unended(begun.answer(), vec![Step::Cut])
    };
    let fallback = |lane: Lane, _: &Asked| lane.turn("fall", lane.models()[1]).stream().answer();
    let lane = LANES[1];
    let more = "[clients.tests]\nhold = true\n";
    let course = Course::with(lane, false, more, move |_, _| dies(lane), fallback);
    whole(&course, &course.ask("configured"), "fall");
}

#[test]
fn a_hold_that_is_neither_on_nor_off_is_refused_with_the_words_that_are() {
    let lane = LANES[0];
    let course = Course::of(lane, false, move |_, _| lane.turn("prim", "x").stream().answer());
    let client = course.rig.client();
    let body = Kind::Messages.ask("weir-low", true, "hello").to_string();
    let call = client.post("/v1/messages", &[("x-weir-hold", "maybe")], body.as_bytes());
    let response = client.send(&call);
    assert_eq!(response.status, 400);
    assert!(response.text().contains("maybe is not on or off"), "{}", response.text());
}

#[test]
fn an_answer_that_is_not_streamed_and_breaks_off_is_made_good_as_well() {
    let lane = LANES[0];
    let cut = move |_, _: &Asked| {
        let answer = lane.turn("prim", lane.models()[0]).whole().answer();
        let half = answer.bytes().len() - 20;
        answer.up_to(half, Step::Cut)
    };
    let fallback = |lane: Lane, _: &Asked| lane.turn("fall", lane.models()[1]).whole().answer();
    let course = Course::with(lane, false, "", cut, fallback);
    let client = course.rig.client();
    let body = Kind::Messages.ask("weir-low", false, "hello").to_string();
    let headers = [("user-agent", "tests marker/w"), ("x-weir-session", "w")];
    let response = client.send(&client.post("/v1/messages", &headers, body.as_bytes()));
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(response.text().contains("fall59"));
    assert_eq!(course.rig.settled("w").len(), 2);
}
