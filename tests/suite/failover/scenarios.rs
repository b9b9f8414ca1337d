//! The sixteen scenarios S01 to S16. Streamed live, thirteen pass and the three that break after the
//! first content (S08, S09, S14) end safe; with `x-weir-hold: on` all sixteen pass.

use super::course::{
    Course, Given, LANES, Lane, at_most, each, each_both, given, ms, safe, unended, up_to, whole,
};
use std::time::{Duration, Instant};
use weir_tests::{Answer, Asked, Step, wait};

/// The primary's own whole answer.
fn fine(lane: Lane) -> Answer {
    lane.turn("prim", lane.models()[0]).stream().answer()
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

#[test]
fn s01_a_wait_that_is_asked_for_is_kept_to() {
    each(|lane, hold| {
        let limited = move |number, _: &Asked| match number {
            1 => lane
                .error(429, "rate_limit_error", "slow down")
                .with("retry-after", &seconds(ms(2_000)))
                .answer(),
            _ => fine(lane),
        };
        // With nowhere else to go, the wait is waited for.
        let course = Course::of(lane, hold, limited);
        whole(&course, &course.ask_alone("s01-alone"), "prim");
        let times = course.primary();
        assert_eq!(times.len(), 2);
        assert!(times[1] - times[0] >= ms(1_800), "{:?}", times[1] - times[0]);
        assert!(course.primary_within(ms(1_500)) <= 2);
        // In a chain the next one is asked at once.
        let course = Course::of(lane, hold, limited);
        let timed = course.ask("s01");
        whole(&course, &timed, "fall");
        assert_eq!(course.primary().len(), 1);
    });
}

#[test]
fn s02_a_limit_without_end_is_backed_off_from_and_told_in_the_provider_s_words() {
    each(|lane, hold| {
        let limited = move |_, _: &Asked| lane.error(429, "rate_limit_error", "slow down").answer();
        let course = Course::of(lane, hold, limited);
        whole(&course, &course.ask("s02"), "fall");
        let course = Course::of(lane, hold, limited);
        let timed = course.ask_alone("s02-alone");
        safe(&course, &timed);
        assert_eq!(timed.response.status, 429);
        assert!(timed.response.text().contains("slow down"));
        // These pauses are the product's own and not shortened.
        assert!(course.primary_within(Duration::from_secs(3)) <= 4);
        assert!(course.primary().len() <= 6);
        let times = course.primary();
        assert!(times[1] - times[0] >= Duration::from_millis(250));
        assert!(times[2] - times[1] >= Duration::from_millis(500));
    });
}

#[test]
fn s03_one_server_error_is_made_good() {
    each(|lane, hold| {
        let once = move |number, _: &Asked| match number {
            1 => lane.error(500, "api_error", "oops").answer(),
            _ => fine(lane),
        };
        let course = Course::of(lane, hold, once);
        whole(&course, &course.ask_alone("s03-alone"), "prim");
        assert_eq!(course.primary().len(), 2);
        let course = Course::of(lane, hold, once);
        whole(&course, &course.ask("s03"), "fall");
    });
}

#[test]
fn s04_an_outage_is_failed_over_and_told_as_it_is_where_nobody_else_is() {
    each(|lane, hold| {
        let down = move |_, _: &Asked| lane.error(503, "overloaded_error", "all down").answer();
        let course = Course::of(lane, hold, down);
        whole(&course, &course.ask("s04"), "fall");
        let course = Course::of(lane, hold, down);
        let timed = course.ask_alone("s04-alone");
        safe(&course, &timed);
        assert!(timed.response.text().contains("all down"), "{}", timed.response.text());
        assert!(matches!(timed.response.status, 503 | 529), "{}", timed.response.status);
        assert!(course.primary().len() <= 6);
    });
}

#[test]
fn s05_a_connection_reset_before_the_head_is_made_good() {
    each(|lane, hold| {
        let once = move |number, _: &Asked| match number {
            1 => Answer { steps: vec![Step::Reset], told: None },
            _ => fine(lane),
        };
        let course = Course::of(lane, hold, once);
        whole(&course, &course.ask_alone("s05-alone"), "prim");
        let course = Course::of(lane, hold, once);
        whole(&course, &course.ask("s05"), "fall");
    });
}

#[test]
fn s06_a_silent_route_is_left_after_its_first_silence_and_not_asked_again() {
    each(|lane, hold| {
        let silent = |_, _: &Asked| Answer { steps: vec![Step::Stall], told: None };
        let course = Course::of(lane, hold, silent);
        let timed = course.ask("s06");
        whole(&course, &timed, "fall");
        assert_eq!(course.primary().len(), 1);
        assert!(timed.took < at_most(30_000), "{:?}", timed.took);
        assert_eq!(course.rig.settled("s06")[0].ended().outcome, "timeout");
    });
}

#[test]
fn s07_a_first_token_that_is_late_is_not_waited_for() {
    each(|lane, hold| {
        let late = move |_, _: &Asked| {
            let mut answer = fine(lane);
            answer.steps.insert(1, Step::Wait(ms(20_000)));
            answer
        };
        let course = Course::of(lane, hold, late);
        let timed = course.ask("s07");
        whole(&course, &timed, "fall");
        assert!(timed.took < at_most(15_000), "{:?}", timed.took);
        assert_eq!(course.primary().len(), 1);
        // With nowhere else to go it is waited for all the same.
        let course = Course::of(lane, hold, late);
        whole(&course, &course.ask_alone("s07-alone"), "prim");
    });
}

/// A stream that ends after 40 of its 60 words, by FIN, by RST or with a proper end of the body.
fn dies(lane: Lane, how: usize) -> Answer {
    let begun = up_to(lane.turn("prim", lane.models()[0]).stream(), "prim39").answer();
    match how {
        0 => unended(begun, vec![Step::Cut]),
        1 => unended(begun, vec![Step::Wait(Duration::from_millis(50)), Step::Reset]),
        _ => begun,
    }
}

#[test]
fn s08_a_stream_that_dies_is_told_live_and_made_good_where_it_is_held() {
    each_both(|lane, hold| {
        for how in 0..3 {
            let course = Course::of(lane, hold, move |_, _| dies(lane, how));
            let timed = course.ask("s08");
            match hold {
                true => whole(&course, &timed, "fall"),
                false => {
                    safe(&course, &timed);
                    assert_eq!(timed.response.status, 200, "what had come was passed on");
                    assert!(timed.response.text().contains("prim39"));
                    assert_eq!(course.rig.row("s08").ended().outcome, "truncated");
                }
            }
        }
    });
}

#[test]
fn s09_a_stream_that_falls_silent_and_closes_is_told_live_and_made_good_where_it_is_held() {
    each_both(|lane, hold| {
        let stalls = move |_, _: &Asked| {
            let begun = up_to(lane.turn("prim", lane.models()[0]).stream(), "prim19").answer();
            unended(begun, vec![Step::Wait(ms(30_000)), Step::Cut])
        };
        let course = Course::of(lane, hold, stalls);
        let timed = course.ask("s09");
        assert!(timed.took <= at_most(45_000), "{:?}", timed.took);
        match hold {
            true => whole(&course, &timed, "fall"),
            false => safe(&course, &timed),
        }
        // It stays healthy afterwards.
        course.stays_healthy("s09-after");
    });
}

#[test]
fn s10_one_damaged_event_reaches_no_client() {
    each(|lane, hold| {
        let damaged = move |_, _: &Asked| {
            let mut reply = lane.turn("prim", lane.models()[0]).stream();
            let at = reply.frames.len() / 2;
            reply.frames.insert(at, b"data: {\"broken\": [1, \n\n".to_vec());
            if let Some((frame, _, _)) = &mut reply.told {
                *frame += 1;
            }
            reply.answer()
        };
        let course = Course::of(lane, hold, damaged);
        let timed = course.ask("s10");
        // A translation cannot know what the damaged piece held, and says so, or asks another.
        match (lane.client == lane.served, hold) {
            (true, _) => whole(&course, &timed, "prim"),
            (false, true) => whole(&course, &timed, "fall"),
            (false, false) => safe(&course, &timed),
        }
        course.stays_healthy("s10-after");
    });
}

#[test]
fn s11_a_stream_without_its_last_word_is_finished_promptly() {
    each(|lane, hold| {
        for hangs in [false, true] {
            let short = move |_, _: &Asked| {
                let mut reply = lane.turn("prim", lane.models()[0]).stream();
                reply.frames.retain(|frame| frame != b"data: [DONE]\n\n");
                let answer = reply.answer();
                if hangs { unended(answer, vec![Step::Stall]) } else { answer }
            };
            let course = Course::of(lane, hold && !hangs, short);
            let timed = course.ask("s11");
            whole(&course, &timed, "prim");
            assert!(timed.took < Duration::from_secs(8), "{:?}", timed.took);
            let row = course.rig.row("s11");
            assert_eq!(
                (row.ended().outcome.as_str(), row.ended().pricing.as_str()),
                ("ok", "exact")
            );
        }
    });
}

#[test]
fn s12_a_prompt_that_is_too_long_is_asked_once_and_goes_to_a_larger_context() {
    each(|lane, hold| {
        let words = "This model's maximum context length is 128000 tokens";
        let long = move |_, _: &Asked| lane.error(400, "context_length_exceeded", words).answer();
        let course = Course::of(lane, hold, long);
        let timed = course.ask_alone("s12-alone");
        safe(&course, &timed);
        assert_eq!((timed.response.status, course.primary().len()), (400, 1));
        assert!(timed.response.text().contains(words), "{}", timed.response.text());
        let course = Course::of(lane, hold, long);
        let timed = course.ask("s12");
        assert_eq!(course.primary().len(), 1);
        whole(&course, &timed, "fall");
        assert_eq!(timed.response.header("x-weir-reason"), "larger-context");
    });
}

#[test]
fn s12_a_context_that_is_no_larger_is_not_asked() {
    let lane = LANES[0];
    let words = "prompt is too long: 210000 tokens > 200000 maximum";
    let long = move |_, _: &Asked| lane.error(400, "invalid_request_error", words).answer();
    let course = Course::of(lane, false, long);
    let home = &course.rig.home;
    let text = std::fs::read_to_string(home.path().join("config.toml")).expect("readable");
    let [first, second] = lane.models();
    home.configure(&text.replace(&format!("fallback/{second}"), &format!("fallback/{first}")));
    assert_eq!(home.weir(&["config", "show"]).code, 0);
    wait::within(Duration::from_millis(1_100), || None::<()>);
    let timed = course.ask("s12-same");
    assert_eq!(timed.response.status, 400);
    assert_eq!(timed.response.json()["error"]["message"], words);
    assert_eq!(course.rig.settled("s12-same").len(), 1, "the same model elsewhere is as small");
}

#[test]
fn s13_a_content_filter_is_asked_once_and_its_reason_passed_on() {
    each(|lane, hold| {
        let words = "This prompt goes against the content policy";
        let filtered =
            move |_, _: &Asked| lane.error(400, "content_policy_violation", words).answer();
        let course = Course::of(lane, hold, filtered);
        let timed = course.ask_alone("s13-alone");
        safe(&course, &timed);
        assert_eq!((timed.response.status, course.primary().len()), (400, 1));
        assert!(timed.response.text().contains(words), "{}", timed.response.text());
        // Where the whole chain refuses, the reason is what the client gets.
        let also = move |lane: Lane, _: &Asked| {
            lane.error(400, "content_policy_violation", "The second one says no as well").answer()
        };
        let course = Course::with(lane, hold, "", filtered, also);
        let timed = course.ask("s13");
        safe(&course, &timed);
        assert!(timed.response.text().contains("The second one says no"));
        assert_eq!(course.primary().len(), 1);
    });
}

#[test]
fn s14_a_refused_prefill_of_the_fallback_is_not_what_the_client_is_told() {
    each_both(|lane, hold| {
        // A continuation would put what has come into the model's mouth; nothing of the kind is
        // ever sent, so a fallback that refuses it answers.
        let strict = |lane: Lane, asked: &Asked| {
            if asked.text().contains("prim") {
                let words = "assistant prefill is not supported";
                return lane.error(400, "invalid_request_error", words).answer();
            }
            lane.turn("fall", lane.models()[1]).stream().answer()
        };
        let course = Course::with(lane, hold, "", move |_, _| dies(lane, 0), strict);
        let timed = course.ask("s14");
        assert!(!timed.response.text().contains("prefill"));
        match hold {
            true => whole(&course, &timed, "fall"),
            false => safe(&course, &timed),
        }
    });
}

#[test]
fn s14_a_stand_in_s_refusal_of_the_request_does_not_hide_why_the_first_one_failed() {
    let lane = LANES[0];
    let refuses = |lane: Lane, _: &Asked| {
        lane.error(400, "invalid_request_error", "assistant prefill is not supported").answer()
    };
    let down = move |_, _: &Asked| lane.error(500, "api_error", "the real one").answer();
    let course = Course::with(lane, false, "", down, refuses);
    let timed = course.ask("s14-refused");
    assert_eq!(timed.response.status, 500);
    assert!(timed.response.text().contains("the real one"), "{}", timed.response.text());
    let tried = timed.response.header("x-weir-tried");
    assert!(tried.contains("anthropic/") && tried.contains("fallback/"), "{tried}");
}

#[test]
fn s15_an_outage_opens_the_circuit_and_its_end_is_found_soon() {
    std::thread::scope(|scope| {
        for lane in LANES {
            // Requests that have nothing to do with each other, and the turns of one conversation.
            scope.spawn(move || outage(lane, false));
            scope.spawn(move || outage(lane, true));
        }
    });
}

fn outage(lane: Lane, one_conversation: bool) {
    let began = Instant::now();
    let over = began + ms(60_000);
    let course = Course::of(lane, false, move |_, _| {
        if Instant::now() < over {
            lane.error(503, "overloaded_error", "down").answer()
        } else {
            fine(lane)
        }
    });
    let mut back = None;
    for number in 0..25u32 {
        let due = began + ms(4_000) * number;
        let still_due = || (Instant::now() >= due).then_some(());
        let _ = wait::within(ms(8_000), still_due);
        // What a request is known by in the books is its session.
        let marker = if one_conversation { "s15".into() } else { format!("s15-{number}") };
        let timed = course.ask(&marker);
        match given(lane.client, &timed.response) {
            Given::Whole(who) if who == "prim" => back = back.or(Some(Instant::now())),
            Given::Whole(_) => assert!(back.is_none(), "once back, it stays back"),
            other => panic!("{lane:?}, request {number}: {other:?}"),
        }
    }
    let during = course.primary().iter().filter(|at| **at < over).count();
    assert!(during <= 6, "{lane:?} {one_conversation}: {during} attempts during the outage");
    let back = back.expect("back on the primary");
    assert!(
        back - over <= at_most(30_000),
        "{lane:?} {one_conversation}: back after {:?}",
        back - over
    );
}

#[test]
fn s16_the_answer_names_the_fallback_s_model_and_failures_are_not_billed() {
    each(|lane, hold| {
        let down = move |_, _: &Asked| lane.error(503, "overloaded_error", "down").answer();
        let course = Course::of(lane, hold, down);
        let timed = course.ask("s16");
        whole(&course, &timed, "fall");
        let model = lane.models()[1];
        let route = format!("fallback/{model}");
        assert_eq!(timed.response.header("x-weir-route"), route);
        assert_eq!(timed.response.header("x-weir-attempts"), "2");
        assert!(course.primary().len() <= 6);
        if lane.client == lane.served {
            assert!(timed.response.text().contains(model), "the answer names its model");
        }
        let rows = course.rig.settled("s16");
        assert_eq!((rows[0].cost(), rows[0].ended().outcome.as_str()), (0, "upstream_error"));
        let tokens = rows[1].ended().tokens.expect("reported");
        assert_eq!((tokens.input, tokens.output), (100, 60));
    });
}
