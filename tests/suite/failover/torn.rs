//! An answer that breaks off inside an event: the client sees whole events and then the error, never
//! the half. Its parser would take the two for one.

use super::course::{Course, LANES, Lane, unended, up_to};
use weir_tests::answers::Reply;
use weir_tests::{Answer, Kind, Step};

/// The events of a strict reader: every one has its blank line.
fn events(text: &str) -> Vec<&str> {
    let (whole, rest) = text.rsplit_once("\n\n").expect("an event");
    assert_eq!(rest, "", "what follows the last event");
    whole.split("\n\n").collect()
}

/// The events before the word, and the beginning of the one that says it.
fn half(lane: Lane, word: &str) -> (String, Reply) {
    let mut reply = up_to(lane.turn("prim", lane.models()[0]).stream(), word);
    let last = reply.frames.pop().expect("the word");
    let whole = String::from_utf8(reply.frames.concat()).expect("text");
    reply.frames.push(last[..last.len() / 2].to_vec());
    (whole, reply)
}

#[test]
fn half_an_event_before_a_break_is_not_passed_on() {
    let ends: [fn(Answer) -> Answer; 4] = [
        |answer| unended(answer, vec![Step::Cut]),
        |answer| {
            unended(answer, vec![Step::Wait(std::time::Duration::from_millis(50)), Step::Reset])
        },
        // The body's framing says that this is all.
        |answer| answer,
        |answer| Answer { steps: vec![Step::Drip(answer.bytes())], told: None },
    ];
    for lane in LANES.into_iter().filter(|lane| lane.client == lane.served) {
        for (number, end) in ends.into_iter().enumerate() {
            let course = Course::of(lane, false, move |_, _| end(half(lane, "prim20 ").1.answer()));
            let timed = course.ask("torn");
            let text = timed.response.text();
            let (whole, _) = half(lane, "prim20 ");
            let told = text.strip_prefix(&whole);
            let told =
                told.unwrap_or_else(|| panic!("{lane:?} {number}: not the whole events: {text}"));
            for error in events(told) {
                assert!(
                    error.contains("broke off") && !error.contains("prim"),
                    "{lane:?}: {error}"
                );
            }
            assert_eq!(course.rig.row("torn").ended().outcome, "truncated");
        }
    }
}

#[test]
fn a_damaged_event_is_left_out_however_its_bytes_are_cut() {
    for lane in LANES.into_iter().filter(|lane| lane.client == lane.served) {
        let damaged = b"data: {\"broken\": [1, \n\n".to_vec();
        for cut in 1..damaged.len() {
            if cut % 5 != 2 && !super::course::full() {
                continue;
            }
            let (begin, rest) = (damaged[..cut].to_vec(), damaged[cut..].to_vec());
            let course = Course::of(lane, false, move |_, _| {
                let mut reply = lane.turn("prim", lane.models()[0]).stream();
                let at = reply.frames.len() / 2;
                reply.frames.splice(at..at, [begin.clone(), rest.clone()]);
                if let Some((frame, _, _)) = &mut reply.told {
                    *frame += 2;
                }
                reply.answer()
            });
            super::course::whole(&course, &course.ask("damaged"), "prim");
        }
    }
}

#[test]
fn a_length_that_a_stream_does_not_come_to_is_told_in_an_event() {
    for lane in LANES {
        let course = Course::of(lane, false, move |_, _| {
            let mut reply = lane.turn("prim", lane.models()[0]).stream();
            reply.sized = true;
            let answer = reply.answer();
            let half = answer.bytes().len() / 2;
            answer.up_to(half, Step::Cut)
        });
        let timed = course.ask("sized");
        super::course::safe(&course, &timed);
        assert!(timed.response.complete && timed.response.text().contains("prim1"), "{lane:?}");
    }
}

/// A page where a stream was asked for holds no event, and would pass for an empty answer.
#[test]
fn a_web_page_instead_of_a_stream_is_an_error_of_the_clients_dialect() {
    for lane in LANES {
        for stream in [true, false] {
            let course = Course::of(lane, false, |_, _| {
                let mut reply = Reply::json(200, "<html>Sign in to the hotel network</html>");
                reply.headers = vec![("content-type".into(), "text/html; charset=utf-8".into())];
                reply.answer()
            });
            let client = course.rig.client();
            let kind = lane.client;
            let model = format!(
                "{}/{}",
                if lane.served == Kind::Messages { "anthropic" } else { "openai" },
                lane.models()[0]
            );
            let response = client.send(&client.call_model(kind, &model, stream, "page"));
            assert_eq!(response.status, 502, "{lane:?}: {}", response.text());
            let message = response.json()["error"]["message"].as_str().map(str::to_owned);
            let message = message.unwrap_or_default();
            assert!(message.contains("web page") && message.contains("base_url"), "{message}");
            let end = course.rig.row("page").ended().clone();
            assert_eq!((end.outcome.as_str(), end.cost), ("upstream_error", Some(0)), "{end:?}");
        }
    }
}

/// Two providers that answer whole, in chunks; the first breaks its connection behind `keeps` of
/// its body, before the chunk that says that this is all.
fn unchunked(lane: Lane, keeps: fn(usize) -> usize) -> Course {
    let whole = |who: &str, model: &str, lane: Lane| {
        let mut reply = lane.turn(who, model).whole();
        reply.sized = false;
        reply
    };
    let primary = move |_, _: &weir_tests::Asked| {
        let mut reply = whole("prim", lane.models()[0], lane);
        let all = reply.frames.concat();
        let kept = keeps(all.len());
        reply.frames = vec![all[..kept].to_vec()];
        reply.told = reply.told.filter(|_| kept == all.len());
        unended(reply.answer(), vec![Step::Cut])
    };
    let fallback =
        move |lane: Lane, _: &weir_tests::Asked| whole("fall", lane.models()[1], lane).answer();
    Course::with(lane, false, "", primary, fallback)
}

#[test]
fn a_whole_answer_is_given_also_without_its_last_chunk_and_a_part_of_one_is_asked_for_elsewhere() {
    for lane in LANES {
        let course = unchunked(lane, |all| all);
        let client = course.rig.client();
        let call = client.call_model(lane.client, "weir-low", false, "unchunked");
        let response = client.send(&call);
        let text = response.text();
        assert!(response.status == 200 && text.contains("prim59"), "{lane:?}: {text}");
        assert_eq!(course.primary().len(), 1, "what came whole is not paid for twice");
        let end = course.rig.row("unchunked").ended().clone();
        assert_eq!((end.outcome.as_str(), end.pricing.as_str()), ("ok", "exact"), "{lane:?}");

        let course = unchunked(lane, |all| all - 1);
        let client = course.rig.client();
        let call = client.call_model(lane.client, "weir-low", false, "cut");
        let response = client.send(&call);
        let text = response.text();
        assert!(response.status == 200 && text.contains("fall59"), "{lane:?}: {text}");
        assert_eq!(course.rig.settled("cut")[0].ended().outcome, "truncated");
    }
}

/// Two providers that answer whole, with a length; the first breaks its connection behind its last
/// brace, before the blank lines that it counted.
fn short_of_its_length(lane: Lane) -> Course {
    let primary = move |_, _: &weir_tests::Asked| {
        let mut reply = lane.turn("prim", lane.models()[0]).whole();
        reply.frames.push(b"\n\n".to_vec());
        unended(reply.answer(), vec![Step::Cut])
    };
    let fallback = move |lane: Lane, _: &weir_tests::Asked| {
        lane.turn("fall", lane.models()[1]).whole().answer()
    };
    Course::with(lane, false, "", primary, fallback)
}

#[test]
fn an_answer_shorter_than_its_length_is_cut_and_no_client_waits_for_the_rest() {
    for lane in LANES {
        let course = short_of_its_length(lane);
        let client = course.rig.client();
        let ask = |model: &str, marker: &str| {
            client.send(&client.call_model(lane.client, model, false, marker))
        };
        let response = ask("weir-low", "short");
        let text = response.text();
        assert!(response.complete, "{lane:?}: {text}");
        assert!(response.status == 200 && text.contains("fall59"), "{lane:?}: {text}");
        let cut = course.rig.settled("short")[0].ended().clone();
        assert_eq!((cut.outcome.as_str(), cut.pricing.as_str()), ("truncated", "exact"));

        let alone = format!("{}/{}", lane.dialect(), lane.models()[0]);
        let response = ask(&alone, "short-alone");
        assert!(response.complete && response.status == 502, "{lane:?}: {}", response.text());
    }
}
