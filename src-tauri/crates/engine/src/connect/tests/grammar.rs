//! Settings files as people really have them, from a seed: comments, trailing commas, odd spaces,
//! line ends of Windows, a byte order mark, keys twice, letters of many scripts, nothing at all.

/// Repeatable chance: a splitmix64 generator.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const WORDS: &[&str] = &[
    "theme",
    "model",
    "permissions",
    "mcpServers",
    "hooks",
    "statusLine",
    "größe",
    "名前",
    "a b",
    "env",
    "editor",
    "x",
    "ключ",
    "emoji😀",
    "quote\\\"d",
    "tab\\tbed",
    "slash\\/",
    "u\\u00e9",
];
const TEXTS: &[&str] = &[
    "dark",
    "claude-opus-5-5",
    "",
    "C:\\\\Users\\\\jo",
    "// no comment",
    "a, b}",
    "https://x.example/y?z=1",
    "größer",
    "日本語",
    "line\\nbreak",
    "{\\\"in\\\": 1}",
    "/* neither */",
    "#",
    "[x]",
    "'",
];
const SPACES: &[&str] = &["", " ", "  ", "\t"];

/// How a file is written.
struct Style {
    nl: &'static str,
    step: &'static str,
    comments: bool,
    trailing: bool,
    packed: bool,
}

/// A settings file in JSON.
pub fn json(seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let style = Style {
        nl: if chance.one_in(4) { "\r\n" } else { "\n" },
        step: ["  ", "    ", "\t", " "][chance.below(4)],
        comments: chance.one_in(2),
        trailing: chance.one_in(3),
        packed: chance.one_in(8),
    };
    let mark = if chance.one_in(10) { "\u{feff}" } else { "" };
    match chance.below(25) {
        0 => return mark.to_owned(),
        1 => return format!("{mark}{{}}"),
        2 => return format!("{mark}{{}}{}", style.nl),
        3 => return format!("{mark}{}{}", style.nl, style.nl),
        4 => {
            return format!(
                "{mark}// only a note{}{}",
                style.nl,
                chance.pick(&["", "{ }", "{\n}\n"])
            );
        }
        _ => {}
    }
    let mut text = mark.to_owned();
    if style.comments && chance.one_in(2) {
        text += &format!("// settings of {}{}", chance.pick(WORDS), style.nl);
    }
    if style.comments && chance.one_in(4) {
        text += &format!("/* more{}   than one line */{}", style.nl, style.nl);
    }
    let count = chance.below(9);
    object(&mut chance, &style, &mut text, 0, count, true);
    text += chance.pick(&["", style.nl, style.nl, "  ", "\n\n"]);
    if style.comments && chance.one_in(5) {
        text += "// the end";
    }
    text
}

fn object(
    chance: &mut Chance,
    style: &Style,
    text: &mut String,
    depth: usize,
    count: usize,
    root: bool,
) {
    let packed = style.packed || (!root && chance.one_in(6));
    text.push('{');
    if style.comments && !packed && chance.one_in(5) {
        *text += chance.pick(&[" // first", " /* first */", "/**/"]);
    }
    let end = format!("{}{}", style.nl, style.step.repeat(depth));
    let line = format!("{end}{}", style.step);
    for index in 0..count {
        *text += if packed { chance.pick(SPACES) } else { &line };
        if style.comments && !packed && chance.one_in(6) {
            *text += &format!("// \"{}\": {{,{line}", chance.pick(WORDS));
        }
        let name = name(chance, depth, root);
        *text += &format!("\"{name}\"{}:{}", chance.pick(&["", "", " "]), chance.pick(SPACES));
        if style.comments && chance.one_in(15) {
            *text += "/* v */ ";
        }
        value(chance, style, text, depth, &name);
        if style.comments && !packed && chance.one_in(10) {
            *text += " /* after */";
        }
        if index + 1 < count || (style.trailing && chance.one_in(2)) {
            text.push(',');
        }
        if style.comments && !packed && chance.one_in(6) {
            *text += chance.pick(&[" // why", " //", " /* why */"]);
        }
    }
    *text += if packed { chance.pick(SPACES) } else { &end };
    text.push('}');
}

fn name(chance: &mut Chance, depth: usize, root: bool) -> String {
    const ENV: &[&str] = &[
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_API_KEY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "ENABLE_TOOL_SEARCH",
        "DISABLE_TELEMETRY",
    ];
    if root && chance.one_in(4) {
        "env".into()
    } else if depth == 1 && chance.one_in(2) {
        chance.pick(ENV).into()
    } else {
        chance.pick(WORDS).into()
    }
}

fn value(chance: &mut Chance, style: &Style, text: &mut String, depth: usize, name: &str) {
    if name == "env" && depth == 0 {
        let count = chance.below(5);
        return object(chance, style, text, depth + 1, count, false);
    }
    match chance.below(9) {
        0 => *text += chance.pick(&["true", "false", "null"]),
        1 => *text += chance.pick(&["0", "-1", "3.5", "1e9", "12345678901234567890"]),
        2 if depth < 4 => {
            let count = chance.below(4);
            object(chance, style, text, depth + 1, count, false);
        }
        3 => {
            text.push('[');
            for index in 0..chance.below(4) {
                *text += if index > 0 { ", " } else { "" };
                *text += &format!("\"{}\"", chance.pick(TEXTS));
            }
            text.push(']');
        }
        _ => *text += &format!("\"{}\"", chance.pick(TEXTS)),
    }
}

/// A configuration in TOML.
pub fn toml(seed: u64) -> String {
    let mut chance = Chance::new(seed ^ 0x70_6d_6c);
    let nl = if chance.one_in(4) { "\r\n" } else { "\n" };
    let mut text = if chance.one_in(10) { "\u{feff}" } else { "" }.to_owned();
    if chance.one_in(20) {
        return text;
    }
    let line = |text: &mut String, chance: &mut Chance, content: &str| {
        if chance.one_in(5) {
            *text += &format!(
                "# {}{nl}",
                chance.pick(&["note", "größe = 1", "[not.a.table]", "\"", ""])
            );
        }
        if chance.one_in(6) {
            *text += nl;
        }
        *text += content;
        *text += chance.pick(&["", "", "", " # why", "  ", "\t# = ["]);
        *text += nl;
    };
    for (key, values) in ROOT {
        if chance.one_in(3) {
            let value = chance.pick(values);
            let gap = chance.pick(SPACES);
            line(&mut text, &mut chance, &format!("{key}{gap}= {value}"));
        }
    }
    for table in TABLES {
        if chance.one_in(3) {
            for part in table.split('\n') {
                line(&mut text, &mut chance, part);
            }
        }
    }
    if chance.one_in(4) {
        while text.ends_with(['\n', '\r']) {
            text.pop();
        }
    }
    text
}

const ROOT: &[(&str, &[&str])] = &[
    ("model", &["\"gpt-6.1-sol\"", "'o4'", "\"\"\"gpt\"\"\""]),
    ("model_provider", &["\"openai\"", "'azure'", "\"openai\""]),
    ("approval_policy", &["\"on-request\"", "\"never\""]),
    ("\"quoted key\"", &["1", "1.5e3", "true", "1979-05-27T07:32:00Z"]),
    ("\"größe\".\"x y\"", &["nan"]),
    ("notify", &["[\"a\",\"b\"]", "[]", "[ 1, 2, ]"]),
    ("tui.theme", &["'dark'"]),
];

const TABLES: &[&str] = &[
    "[model_providers.azure]\nname = \"Azure\"\nbase_url = \"https://x.example/openai\"\nquery_params = { api-version = \"2025\" }",
    "[model_providers.\"my own\"]\nname = 'mine'\nbase_url = 'http://127.0.0.1:8080/v1'\n[model_providers.\"my own\".http_headers]\nx = \"y\"",
    "[mcp_servers.docs]\ncommand = \"npx\"\nargs = [\"-y\", \"docs\"]\n[mcp_servers.docs.env]\nTOKEN = \"weird_not_ours\"",
    "[projects.\"/home/u/größe\"]\ntrust_level = \"trusted\"",
    "[[hooks]]\nevent = \"stop\"\n[[hooks]]\nevent = \"\"\"start\nagain\"\"\"",
    "[ sandbox_workspace_write ]\nnetwork_access = true",
    "[tools]\nweb_search = true # yes",
];

/// Settings in YAML, in the styles people write.
pub fn yaml(seed: u64) -> String {
    let mut chance = Chance::new(seed ^ 0x79_61_6d_6c);
    let nl = if chance.one_in(4) { "\r\n" } else { "\n" };
    let mut text = if chance.one_in(12) { "\u{feff}" } else { "" }.to_owned();
    match chance.below(25) {
        0 => return text,
        1 => return text + "# nothing yet" + nl,
        2 => return text + "---" + nl,
        3 => return text + "{ a: 1, b: [x] }" + nl,
        _ => {}
    }
    if chance.one_in(5) {
        text += &format!("# größe: {}{nl}", chance.pick(TEXTS).replace('\\', ""));
    }
    if chance.one_in(8) {
        text += &format!("---{nl}");
    }
    let mut lines = 0;
    let mut used = Vec::new();
    for part in YAML {
        let key = part.split(':').next().unwrap_or_default();
        if !chance.one_in(3) || used.contains(&key) {
            continue;
        }
        used.push(key);
        lines += 1;
        for line in part.split('\n') {
            let plain = !part.contains(['|', '>', '"']);
            let note = if !plain { "" } else { chance.pick(&["", "", "", " # why"]) };
            text += &format!("{line}{note}{nl}");
        }
        if chance.one_in(6) {
            text += nl;
        }
    }
    if lines == 0 {
        text += &format!("only: \"one\"{nl}");
    }
    if chance.one_in(4) {
        while text.ends_with(['\n', '\r']) {
            text.pop();
        }
    }
    text
}

const YAML: &[&str] = &[
    "name: Local \u{e9}",
    "version: 1.0.0",
    "schema: v1",
    "model: sonnet",
    "openai-api-base: 'https://own.example/v1'",
    "openai-api-key: sk-own",
    "dark-mode: true",
    "nothing:",
    "models:\n  - name: Own\n    provider: ollama\n    model: q\n    roles:\n      - chat\n  - uses: ollama/x",
    "models:\n- name: \"Own: one\"\n  provider: openai\n  # the model\n  model: gpt-5",
    "models: [ { name: A, provider: b, model: c } ]",
    "set-env:\n- A=1\n- \"B=x # y\"",
    "set-env: [A=1]",
    "prompt: |\n  first\n    - second\n\n  third: x",
    "folded: >-\n  one\n  two",
    "context:\n  - provider: code\n  - provider: diff\n    params: { n: 1 }",
    "\"quoted key\": \"a\\tb\"",
    "two: &anchor\n  x: 1\nthree: *anchor",
];

/// Variables in a `.env` file.
pub fn dotenv(seed: u64) -> String {
    let mut chance = Chance::new(seed ^ 0x65_6e_76);
    let nl = if chance.one_in(4) { "\r\n" } else { "\n" };
    let mut text = if chance.one_in(12) { "\u{feff}" } else { "" }.to_owned();
    for line in DOTENV {
        if chance.one_in(3) {
            text += line;
            text += if line.contains('#') { "" } else { chance.pick(&["", "", " # why", "  "]) };
            text += nl;
        }
        if chance.one_in(8) {
            text += nl;
        }
    }
    if chance.one_in(4) {
        while text.ends_with(['\n', '\r']) {
            text.pop();
        }
    }
    text
}

const DOTENV: &[&str] = &[
    "# keys",
    "GEMINI_API_KEY=AIza-own",
    "export GEMINI_API_KEY='AIza own'",
    "GEMINI_API_KEY = \"AIza#own\"",
    "GOOGLE_GEMINI_BASE_URL=https://own.example",
    "GOOGLE_CLOUD_PROJECT=größe",
    "MULTI=\"first\nGEMINI_API_KEY=no\nlast\"",
    "EMPTY=",
    "not a line",
    "COLON: value",
    "OPEN=\"never closed",
    "SPACED  =  a b c",
];
