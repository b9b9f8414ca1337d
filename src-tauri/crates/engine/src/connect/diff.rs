//! The lines that differ between two texts, for a person to read. Tokens are not shown.

/// Lines on each side that are compared one with another; past that only the ends are matched.
const LINES_MAX: usize = 2_000;

/// Lines taken away with `-`, lines added with `+`, each with its number.
pub fn lines(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let (old_part, new_part) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let kept = match old_part.len().max(new_part.len()) > LINES_MAX {
        true => Vec::new(),
        false => common(old_part, new_part),
    };
    let mut text = String::new();
    let (mut i, mut j) = (0, 0);
    for (a, b) in kept.into_iter().chain([(old_part.len(), new_part.len())]) {
        for line in &old_part[i..a] {
            text.push_str(&format!("-{}\n", hidden(line)));
        }
        for (offset, line) in new_part[j..b].iter().enumerate() {
            let number = head + j + offset + 1;
            text.push_str(&format!("+{number:>4}  {}\n", hidden(line)));
        }
        (i, j) = (a + 1, b + 1);
    }
    text
}

/// The longest run of lines that both have, as pairs of places.
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut best = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            best[i * width + j] = match old[i] == new[j] {
                true => best[(i + 1) * width + j + 1] + 1,
                false => best[(i + 1) * width + j].max(best[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[(i + 1) * width + j] >= best[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

fn hidden(line: &str) -> String {
    let tokens: Vec<String> = super::tokens_in(line).into_iter().map(str::to_owned).collect();
    tokens.iter().fold(line.to_owned(), |line, token| line.replace(token, "weir_…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_far_apart_are_told_alone_and_tokens_are_not_shown() {
        let token = format!("weir_{}", "a".repeat(43));
        let after = format!("one\ntoken = {token}\nthree\nfour\n");
        let told = lines("zero\none\nthree\n", &after);
        assert_eq!(told, "-zero\n+   2  token = weir_…\n+   4  four\n");
        assert_eq!(lines("same\n", "same\n"), "");
    }
}
