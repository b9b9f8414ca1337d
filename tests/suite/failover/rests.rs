//! A route that fails again and again rests, says so, and is looked at by one request at a time.

use super::course::{Course, LANES, given, ms, whole};
use weir_tests::{Asked, Step, wait};

#[test]
fn a_resting_route_that_is_asked_for_alone_is_refused_at_once_with_when_it_may_be_asked() {
    let lane = LANES[0];
    let down = move |_, _: &Asked| lane.error(503, "overloaded_error", "down").answer();
    let course = Course::of(lane, false, down);
    course.ask_alone("failing");
    let asked = course.primary().len();
    let timed = course.ask_alone("resting");
    assert_eq!(timed.response.status, 503, "{}", timed.response.text());
    let text = timed.response.text();
    assert!(text.contains("resting for another") && text.contains("3 failures"), "{text}");
    assert!(timed.response.header("retry-after").parse::<u64>().is_ok_and(|s| s >= 1));
    assert_eq!(timed.response.head.header("x-should-retry"), None);
    assert_eq!(course.primary().len(), asked, "nothing was sent");
    assert!(course.rig.rows().iter().all(|row| row.session != "resting"), "and nothing booked");
}

#[test]
fn status_says_which_provider_rests_and_why_and_forgets_it_when_it_is_well() {
    let lane = LANES[1];
    let course = Course::of(lane, false, move |number, _| match number {
        1..=3 => lane.error(500, "server_error", "oops").answer(),
        _ => lane.turn("prim", lane.models()[0]).stream().answer(),
    });
    let standing = || {
        let status = course.rig.home.weir(&["status", "--json"]).json();
        let providers = status["providers"].as_array().cloned().unwrap_or_default();
        let primary = providers.into_iter().find(|p| p["name"] == "openai").expect("listed");
        let text = |key: &str| primary[key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("reason"))
    };
    assert_eq!(standing().0, "ready");
    course.ask_alone("oops");
    let (state, reason) = standing();
    assert_eq!(state, "resting", "{reason}");
    assert!(reason.contains("3 failures in 5 min") && reason.contains("status 500"), "{reason}");
    wait::until("the rest to be over", || standing().0 == "failing");
    whole(&course, &course.ask_alone("probe"), "prim");
    assert_eq!(standing(), ("ready".into(), String::new()));
}

#[test]
fn the_answer_that_stands_in_for_a_resting_route_says_so() {
    let lane = LANES[2];
    let down = move |_, _: &Asked| lane.error(500, "server_error", "oops").answer();
    let course = Course::of(lane, false, down);
    for number in 0..3 {
        assert_eq!(course.ask(&format!("f{number}")).response.header("x-weir-reason"), "fallback");
    }
    let timed = course.ask("rested");
    whole(&course, &timed, "fall");
    assert_eq!(timed.response.header("x-weir-reason"), "resting");
    assert_eq!(timed.response.header("x-weir-attempts"), "1");
    assert!(timed.response.header("x-weir-tried").contains("resting"));
    assert_eq!(course.primary().len(), 3);
}

#[test]
fn a_stall_inside_an_answer_ends_in_an_error_and_is_booked_as_a_timeout() {
    if super::course::full() {
        return;
    }
    for lane in LANES {
        let stalls = move |_, _: &Asked| {
            let begun =
                super::course::up_to(lane.turn("prim", lane.models()[0]).stream(), "prim19");
            super::course::unended(begun.answer(), vec![Step::Stall])
        };
        let course = Course::of(lane, false, stalls);
        let home = &course.rig.home;
        let text = std::fs::read_to_string(home.path().join("config.toml")).expect("readable");
        home.configure(&text.replace("stall = \"18s\"", "stall = \"400ms\""));
        wait::within(ms(11_000), || None::<()>);
        let timed = course.ask("stall");
        assert_eq!(given(lane.client, &timed.response), super::course::Given::Error);
        assert!(timed.took < ms(50_000), "{:?}", timed.took);
        assert_eq!(course.rig.row("stall").ended().outcome, "timeout");
    }
}
