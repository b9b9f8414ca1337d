//! Where in a text the instruction stands and where what it is about: instructions come first, last
//! or around; code, logs, quotes and long middles are what they are about.

use std::borrow::Cow;

/// Kept of the first and of the last words that may be an instruction, in bytes.
const EDGE_BYTES: usize = 260;
/// Kept of all prose, in bytes.
const PROSE_BYTES: usize = 1_600;
/// Kept of what the instruction is about, in bytes.
const PAYLOAD_BYTES: usize = 1_200;
/// How much of a line is looked at to tell code from prose, in bytes.
const LOOK_BYTES: usize = 300;
/// A quotation of this length or more is no part of an instruction, in bytes.
const QUOTE_BYTES_MIN: usize = 80;

/// A text taken apart; everything in small letters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// The first words that may be an instruction.
    pub head: String,
    /// The last ones, where they are others.
    pub tail: String,
    /// All prose, the first of it and the last.
    pub prose: String,
    /// What it is about, the first of it.
    pub payload: String,
    /// How it is made.
    pub shape: Shape,
}

/// What a text is made of, in bytes and lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    /// Bytes of the whole, without its white space where it is known whole.
    pub bytes: u64,
    /// Bytes of prose outside fences, quotes and code.
    pub prose: u32,
    /// Bytes of code, fenced or not.
    pub code: u32,
    /// Bytes of logs and traces.
    pub log: u32,
    /// Bytes of data: JSON, tables.
    pub data: u32,
    /// Lines of a patch.
    pub patch: u32,
    /// Fenced blocks.
    pub fences: u32,
    /// Lines that begin a list's item.
    pub items: u32,
    /// Lines that are not blank.
    pub lines: u32,
    /// Commas and their like in prose: how much is asked for at once.
    pub clauses: u32,
    /// Digits in prose.
    pub digits: u32,
    /// Question marks in prose.
    pub questions: u32,
    /// Whether it ends with a question mark.
    pub asks_last: bool,
    /// Whether it begins with code.
    pub code_first: bool,
    /// Whether it ends with code.
    pub code_last: bool,
    /// Letters outside ASCII in prose, in bytes.
    pub foreign: u32,
    /// Marks of an editor's fill-in request.
    pub fill: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    Prose,
    Code,
    Log,
    Data,
    Quote,
}

/// Marks of fill-in-the-middle requests, as models are trained on them.
const FILL_MARKS: [&str; 12] = [
    "<fim_prefix>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<fim_suffix>",
    "<PRE>",
    "<SUF>",
    "<MID>",
    "[SUFFIX]",
    "<|fim_begin|>",
    "<｜fim▁begin｜>",
    "<|cursor|>",
    "<|editable_region_start|>",
];

/// Whether a text is a fill-in request of an editor.
pub fn fills(text: &str) -> bool {
    // Most texts have neither of the two letters that marks begin with.
    text.contains(['<', '[']) && FILL_MARKS.iter().any(|mark| text.contains(mark))
}

/// Takes a text apart. `gap` is the byte at which something of it is missing.
pub fn parts(text: &str, gap: Option<usize>, whole_bytes: u64) -> Parts {
    let mut shape = Shape { bytes: whole_bytes, fill: fills(text), ..Shape::default() };
    let mut prose: Vec<Cow<'_, str>> = Vec::new();
    let mut payload = String::new();
    let mut fenced = false;
    let mut last = Line::Blank;
    let mut at = 0;
    for line in text.split('\n') {
        let start = at;
        at += line.len() + 1;
        let line = single_spaced(line.trim());
        let trimmed = line.as_ref();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            shape.fences += u32::from(!fenced);
            fenced = !fenced;
            last = Line::Code;
            shape.code_first |= prose.is_empty();
            continue;
        }
        let kind = match kind(trimmed, last) {
            Line::Blank => Line::Blank,
            _ if fenced => Line::Code,
            kind => kind,
        };
        if gap.is_some_and(|gap| (start..at).contains(&gap)) {
            fenced = false;
        }
        note(&mut shape, kind, trimmed);
        match kind {
            Line::Blank => {}
            Line::Prose => prose.push(line),
            _ => {
                shape.code_first |= prose.is_empty();
                if payload.len() < PAYLOAD_BYTES {
                    payload.push_str(cut_end(trimmed, PAYLOAD_BYTES - payload.len()));
                    payload.push('\n');
                }
            }
        }
        if kind != Line::Blank {
            last = kind;
        }
    }
    if gap.is_none() {
        // White space and envelopes do not make a text longer.
        shape.bytes = u64::from(shape.prose + shape.code + shape.log + shape.data);
    }
    shape.code_last = matches!(last, Line::Code | Line::Data | Line::Log);
    edges(&prose, payload, shape)
}

fn note(shape: &mut Shape, kind: Line, line: &str) {
    let bytes = line.len() as u32;
    shape.lines += u32::from(kind != Line::Blank);
    match kind {
        Line::Blank => {}
        Line::Prose => {
            shape.prose += bytes;
            shape.items += u32::from(is_item(line));
            let mut foreign = 0;
            for byte in line.bytes() {
                shape.questions += u32::from(byte == b'?');
                shape.clauses += u32::from(matches!(byte, b',' | b';'));
                shape.digits += u32::from(byte.is_ascii_digit());
                foreign += u32::from(!byte.is_ascii());
            }
            shape.foreign += foreign;
            for c in line.chars().filter(|_| foreign > 0) {
                shape.questions += u32::from(matches!(c, '？' | '؟'));
                shape.clauses += u32::from(matches!(c, '，' | '、' | '；' | '،'));
            }
            shape.asks_last = line.ends_with(['?', '？', '؟']);
        }
        Line::Code | Line::Quote => shape.code += bytes,
        Line::Log => shape.log += bytes,
        Line::Data => shape.data += bytes,
    }
    let patched = kind != Line::Prose
        && (line.starts_with("@@") || line.starts_with("+++") || line.starts_with("diff --git"));
    shape.patch += u32::from(patched);
}

/// A line in which no two spaces stand together.
fn single_spaced(line: &str) -> Cow<'_, str> {
    if !line.contains("  ") {
        return Cow::Borrowed(line);
    }
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

/// The ends of the prose are the instruction; a long middle goes to the payload.
fn edges(prose: &[Cow<'_, str>], mut payload: String, shape: Shape) -> Parts {
    let all = prose.join("\n");
    let quoted = without_quotes(&all, &mut payload);
    let short = quoted.as_str();
    let head = sentence_end(short, EDGE_BYTES);
    let rest = short[head.len()..].trim();
    let tail = sentence_start(rest, EDGE_BYTES);
    let middle = &rest[..rest.len() - tail.len()];
    if payload.len() < PAYLOAD_BYTES {
        payload.push_str(cut_end(middle, PAYLOAD_BYTES - payload.len()));
    }
    let both = if short.len() <= PROSE_BYTES {
        short.to_owned()
    } else {
        let half = PROSE_BYTES / 2;
        format!("{}\n{}", cut_end(short, half), cut_start(short, half))
    };
    Parts {
        head: head.to_lowercase(),
        tail: tail.to_lowercase(),
        prose: both.to_lowercase(),
        payload: payload.to_lowercase(),
        shape,
    }
}

/// Long quotations go to the payload.
fn without_quotes(text: &str, payload: &mut String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['"', '“', '«', '„', '「']) {
        let mark = rest[open..].chars().next().unwrap_or('"');
        let inner = &rest[open + mark.len_utf8()..];
        let closing: &[char] = match mark {
            '“' | '„' => &['”', '“', '"'],
            '«' => &['»'],
            '「' => &['」'],
            _ => &['"'],
        };
        let Some(end) = inner.find(closing) else { break };
        let after = end + inner[end..].chars().next().map_or(1, char::len_utf8);
        if end >= QUOTE_BYTES_MIN {
            out.push_str(&rest[..open]);
            out.push_str(" \"\" ");
            if payload.len() < PAYLOAD_BYTES {
                payload.push_str(cut_end(&inner[..end], PAYLOAD_BYTES - payload.len()));
                payload.push('\n');
            }
        } else {
            out.push_str(&rest[..open + mark.len_utf8() + after]);
        }
        rest = &inner[after..];
    }
    out.push_str(rest);
    out
}

fn kind(line: &str, last: Line) -> Line {
    if line.is_empty() {
        return Line::Blank;
    }
    if line.starts_with('>') && !line.starts_with(">>>") {
        return Line::Quote;
    }
    if is_log(line) {
        return Line::Log;
    }
    if is_data(line) {
        return Line::Data;
    }
    let score = code_score(line) + if last == Line::Code { 1 } else { 0 };
    if score >= 2 { Line::Code } else { Line::Prose }
}

fn is_item(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with("• ")
        || (digits > 0 && line[digits..].starts_with(['.', ')']))
}

fn is_log(line: &str) -> bool {
    let frame = line.starts_with("at ") && (line.contains('(') || line.contains(':'))
        || line.starts_with("File \"");
    let dated = line.len() > 19
        && line.bytes().take(19).filter(u8::is_ascii_digit).count() >= 10
        && line.as_bytes()[..19].contains(&b':');
    frame || dated || (line.len() < 240 && has_level(line.as_bytes()))
}

/// Words of logs and of failures, found in one pass.
fn has_level(line: &[u8]) -> bool {
    (0..line.len()).any(|at| {
        let words: &[&[u8]] = match line[at] {
            b' ' => &[b" ERROR", b" WARN", b" INFO ", b" DEBUG "],
            b'E' => &[b"ERROR:", b"Error: ", b"Exception"],
            b'T' => &[b"Traceback ("],
            b'F' => &[b"FATAL"],
            b'p' => &[b"panicked at"],
            b'e' => &[b"error[E"],
            b'n' => &[b"npm ERR!"],
            _ => return false,
        };
        words.iter().any(|word| line[at..].starts_with(word))
    })
}

fn is_data(line: &str) -> bool {
    let bytes = line.as_bytes();
    let (first, end) = (bytes[0], bytes[bytes.len() - 1]);
    let json = (first == b'{' && matches!(end, b'}' | b'{' | b','))
        || (first == b'[' && line.contains('"') && matches!(end, b']' | b','))
        || (first == b'"' && line.contains("\":"));
    let row = first == b'|' && end == b'|';
    let many = |sign: u8, least: usize| bytes.iter().filter(|b| **b == sign).count() >= least;
    let columns = many(b',', 3) && !line.contains(", ")
        || many(b'\t', 2)
        || many(b';', 3) && !line.contains("; ");
    json || row || columns
}

/// Signs that code is full of and prose is not.
const SIGNS: [bool; 256] = {
    let mut is = [false; 256];
    let signs = b"{}()[];=<>&|$_\\/*+%@#";
    let mut at = 0;
    while at < signs.len() {
        is[signs[at] as usize] = true;
        at += 1;
    }
    is
};

fn code_score(line: &str) -> u32 {
    const STARTS: [&str; 48] = [
        "def ",
        "fn ",
        "func ",
        "function ",
        "class ",
        "import ",
        "from ",
        "#include",
        "public ",
        "private ",
        "protected ",
        "static ",
        "const ",
        "let ",
        "var ",
        "return",
        "if (",
        "if(",
        "for (",
        "for(",
        "while (",
        "while(",
        "} else",
        "else:",
        "elif ",
        "try:",
        "except ",
        "switch (",
        "case ",
        "SELECT",
        "INSERT ",
        "UPDATE ",
        "CREATE ",
        "FROM ",
        "WHERE ",
        "JOIN ",
        "LEFT JOIN",
        "GROUP BY",
        "//",
        "/*",
        "*/",
        "<?php",
        "#!/",
        "package ",
        "using ",
        "export ",
        "async ",
        "impl ",
    ];
    let mut score = 0;
    let first = line.as_bytes().first();
    if STARTS.iter().any(|start| start.as_bytes().first() == first && line.starts_with(start)) {
        // Some of them begin sentences too.
        let spoken = line.ends_with(['.', '?', '!']) || line.split(' ').count() > 14;
        score += if spoken { 0 } else { 1 };
    }
    if line.ends_with([';', '{', '}', ')', ',', ':', '>', '\\', ']']) {
        score += u32::from(line.len() < 160);
    }
    if line.ends_with([';', '{']) || matches!(line, "}" | "};" | "})" | "});" | ")" | "end" | "]") {
        score += 1;
    }
    let shown = cut_end(line, LOOK_BYTES).as_bytes();
    let (mut signs, mut letters) = (0, 0);
    for byte in shown {
        signs += usize::from(SIGNS[usize::from(*byte)]);
        letters += usize::from(byte.is_ascii_alphabetic() || !byte.is_ascii());
    }
    score += u32::from(signs * 5 > letters && line.len() > 3);
    score += u32::from(signs * 9 > letters && line.len() > 3);
    score += joins(shown);
    if line.starts_with(['+', '-', '@']) && !line.starts_with("- ") && line.len() > 1 {
        score += 1;
    }
    if is_item(line) && !line.ends_with([';', '{']) {
        score = score.saturating_sub(2);
    }
    score
}

/// How many kinds of signs that only code joins words with there are, two at most.
fn joins(line: &[u8]) -> u32 {
    let mut kinds = 0u32;
    for pair in line.windows(2) {
        kinds |= match pair {
            b"=>" => 1,
            b"->" => 1 << 1,
            b"::" => 1 << 2,
            b"==" => 1 << 3,
            b"!=" => 1 << 4,
            b"+=" => 1 << 5,
            b":=" => 1 << 6,
            b"&&" => 1 << 7,
            b"||" => 1 << 8,
            b"()" => 1 << 9,
            b"</" => 1 << 10,
            b"/>" => 1 << 11,
            b" =" => 1 << 12,
            _ => 0,
        };
    }
    kinds.count_ones().min(2)
}

/// At most so many bytes from the start, ending with a sentence where one ends in the last half.
fn sentence_end(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let cut = cut_end(text, max);
    let end = cut.rfind(['\n', '.', ':', '?', '!', '。', '？', '：']).filter(|at| *at > max / 3);
    match end {
        Some(at) => cut_end(cut, at + 3),
        None => cut,
    }
}

/// At most so many bytes up to the end, beginning with a sentence where one begins in the first half.
fn sentence_start(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let cut = cut_start(text, max);
    let start = cut.find(['\n', '.', '?', '!', '。', '？']).filter(|at| *at < max * 2 / 3);
    match start {
        Some(at) => cut_start(text, cut.len() - at),
        None => cut,
    }
}

/// At most so many bytes from the start, whole characters.
pub fn cut_end(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// At most so many bytes up to the end, whole characters.
pub fn cut_start(text: &str, max: usize) -> &str {
    let mut start = text.len().saturating_sub(max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests;
