//! Another way to the same answers, slow and plain: expand the braces, split into segments, try everything.

/// Tells whether `mask` matches `path`.
pub fn matches(mask: &str, path: &[u8]) -> bool {
    let mut segments: Vec<&str> = Vec::new();
    for segment in mask.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|&last| last != "..") => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    if mask.starts_with('/') {
        return false;
    }
    let whole = segments.join("/");
    while segments
        .last()
        .is_some_and(|last| last.trim_matches('*').is_empty())
    {
        segments.pop();
    }
    let bare = segments.join("/");
    segments.extend(["**", "*"]);
    let below = segments.join("/");
    glob(&whole, path) || glob(&bare, path) || glob(&below, path)
}

/// Tells whether `pattern`, which has no odd corners, matches `path`.
pub fn glob(pattern: &str, path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path);
    expand(pattern).iter().any(|pattern| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let path: Vec<&str> = path.split('/').collect();
        all_segments(&pattern, &path)
    })
}

/// Replaces the first `{…}` by each of its items, again and again.
fn expand(pattern: &str) -> Vec<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut depth, mut open, mut commas) = (0, 0, Vec::new());
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            '{' => {
                if depth == 0 {
                    (open, commas) = (at, vec![at]);
                }
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    commas.push(at);
                    let text = |range: &[char]| range.iter().collect::<String>();
                    let (head, tail) = (text(&chars[..open]), text(&chars[at + 1..]));
                    let items = commas
                        .windows(2)
                        .map(|pair| text(&chars[pair[0] + 1..pair[1]]));
                    return items
                        .flat_map(|item| expand(&format!("{head}{item}{tail}")))
                        .collect();
                }
            }
            _ => {}
        }
        at += 1;
    }
    vec![pattern.to_owned()]
}

fn all_segments(pattern: &[&str], path: &[&str]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ["**"] => true,
        ["**", rest @ ..] => (0..=path.len()).any(|skip| all_segments(rest, &path[skip..])),
        [first, rest @ ..] => path.split_first().is_some_and(|(name, behind)| {
            let pattern: Vec<char> = first.chars().collect();
            let name: Vec<char> = name.chars().collect();
            one_segment(&pattern, &name) && all_segments(rest, behind)
        }),
    }
}

fn one_segment(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|skip| one_segment(rest, &name[skip..])),
        ['?', rest @ ..] => !name.is_empty() && one_segment(rest, &name[1..]),
        ['\\', c, rest @ ..] => name.first() == Some(c) && one_segment(rest, &name[1..]),
        ['[', set @ ..] if set.contains(&']') => {
            let end = set.iter().position(|&c| c == ']').expect("it is there");
            let (negated, items) = match &set[..end] {
                ['^' | '!', items @ ..] => (true, items),
                items => (false, items),
            };
            name.first().is_some_and(|c| {
                let is_in = match items {
                    [low, '-', high] => (low..=high).contains(&c),
                    items => items.contains(c),
                };
                is_in != negated && one_segment(&set[end + 1..], &name[1..])
            })
        }
        [c, rest @ ..] => name.first() == Some(c) && one_segment(rest, &name[1..]),
    }
}
