//! A day as a newcomer has it: the configuration as shipped, a local server of Ollama's kind, one
//! cloud provider, and mixed traffic: six in ten requests simple, a quarter medium, the rest hard.

use serde_json::{Value, json};
use weir_tests::auditor::Strictness;
use weir_tests::local_servers::{Held, Likeness, LocalServer};
use weir_tests::{Home, Provider, Rig, answers};

const SONNET: &str = "claude-sonnet-4-5";
const SIMPLE: [&str; 3] = [
    "Classify the sentiment of this review as positive or negative. Answer with one word.\n\n\
     Review: The kettle stopped working after two days.",
    "Extract the e-mail addresses from this text as a JSON list.\n\nWrite to ann@example.com or to \
     bob@example.com before Friday.",
    "Translate into German: Where is the station?",
];
const MEDIUM: &str = "Write unit tests in Python for this function, with its edge cases.\n\n```python\n\
                      def clamp(x, low, high):\n    return max(low, min(x, high))\n```";
const HARD: &str = "Design the architecture of a distributed job scheduler that survives the loss of \
                    any two nodes: reason step by step about consensus, exactly-once delivery, clock \
                    skew and back-pressure, compare three designs with their failure modes, and prove \
                    that no job runs twice.";

/// What is asked in a day, simple things first; every third of each kind for a model by its name.
fn day() -> Vec<(String, &'static str)> {
    let simple = (0..24).map(|number| SIMPLE[number % SIMPLE.len()]);
    let all = simple.chain((0..10).map(|_| MEDIUM)).chain((0..6).map(|_| HARD));
    let model = |number| if number % 3 == 2 { SONNET } else { "weir-auto" };
    all.enumerate().map(|(number, text)| (model(number).to_owned(), text)).collect()
}

#[test]
fn a_day_of_mixed_traffic_under_the_configuration_as_shipped_fails_nothing_and_explains_all() {
    let local =
        LocalServer::start(Likeness::Ollama, vec![Held::new("llama3.2:3b", 32_768).loaded()]);
    let cloud = Provider::answering(answers::natural);
    let home = Home::pointing_at(&cloud);
    home.configure(&format!(
        "[providers.anthropic]\nbase_url = \"{}\"\nkey = \"env:CANARY_ANTHROPIC_KEY\"\n\n\
         [providers.ollama]\nbase_url = \"{}\"\n",
        cloud.url(),
        local.url()
    ));
    let mut rig = Rig::in_home(home, cloud);
    // What the local server was asked is not in the cloud provider's truth.
    rig.strictness = Strictness::Killed;
    rig.home.weir(&["local", "status"]).ok();
    let day = day();
    let mut here = 0;
    for (number, (model, text)) in day.iter().enumerate() {
        let marker = format!("day-{number}");
        let body = json!({"model": model, "max_tokens": 256,
            "messages": [{"role": "user", "content": text}]});
        let agent = format!("tests marker/{marker}");
        let headers = [("user-agent", agent.as_str()), ("x-weir-session", marker.as_str())];
        let call = rig.client().post("/v1/messages", &headers, body.to_string().as_bytes());
        let response = rig.client().send(&call);
        assert_eq!(response.status, 200, "{text}: {}", response.text());
        let route = response.header("x-weir-route").to_owned();
        let simple = SIMPLE.contains(text);
        if model == SONNET {
            assert_eq!(route, format!("anthropic/{SONNET}"), "a name is honoured");
        } else if simple {
            assert_eq!(route, "ollama/llama3.2:3b", "{text}: {:?}", response.head);
        }
        here += usize::from(route.starts_with("ollama/"));
        rig.settled(&marker);
    }
    assert!(here >= 16, "two thirds of what is simple stays here, and {here} did");
    told(&rig, day.len(), here);
}

/// What the command line makes of it.
fn told(rig: &Rig, all: usize, here: usize) {
    let rows = rig.home.weir(&["log", "--limit", "100", "--json"]).json();
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), all);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        assert_eq!(text("outcome"), "ok", "{row}");
        assert!(!text("task").is_empty() && !text("tier").is_empty(), "{row}");
        assert!(!text("reason").is_empty() && text("summary").ends_with('.'), "{row}");
        assert_ne!(row["cost_usd"], Value::Null, "{row}");
    }
    for row in [&rows[0], &rows[all - 1]] {
        let id = row["id"].as_str().expect("an id");
        let explained = rig.home.weir(&["explain", id]).ok();
        let summary = row["summary"].as_str().expect("a sentence");
        let route = row["route"].as_str().expect("a route");
        assert!(explained.contains(route), "{explained}");
        assert!(explained.contains(summary.split('.').next().unwrap_or_default()), "{explained}");
    }
    let day = rig.home.weir(&["cost", "summary", "--period", "day", "--json"]).json();
    assert_eq!((&day["requests"], &day["local_requests"]), (&json!(all), &json!(here)), "{day}");
    assert_eq!(day["unpriced_requests"], 0, "{day}");
    let status = rig.home.weir(&["status", "--json"]).json();
    let share = status["routing"]["local_share"].as_f64().expect("a share");
    let expected = here as f64 / all as f64;
    assert!((share - expected).abs() < 0.01 || (share - expected * 100.0).abs() < 1.0, "{status}");
    // Nothing is moved until it is asked for; what it would save can be read before.
    let file = rig.home.path().join("tiered.toml");
    let now = std::fs::read_to_string(rig.home.path().join("config.toml")).expect("readable");
    std::fs::write(&file, now + "\n[routing]\nmode = \"tiered\"\n").expect("written");
    let path = file.to_str().expect("text");
    let other = rig.home.weir(&["simulate", "--config", path, "--json"]).json();
    let spent = |side: &str| {
        let text = other["all"][side]["spent_usd"].as_str().expect("an amount");
        text.replace('.', "").parse::<i64>().expect("digits")
    };
    assert!(spent("would") < spent("was"), "{other}");
}
