//! What single instructions say, as far as stages have an equal.

use parse_dockerfile::{Command, JsonOrStringArray, UnescapedString};

/// Reads the pairs of `ENV` or `LABEL`: `A=b C="d e"`, or `A b`.
///
/// # Errors
/// Quotes and escapes that are not plain.
pub fn pairs(written: &str) -> Result<Vec<(String, String)>, String> {
    let written = written.trim();
    let first = written.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let (name, value) = written
            .split_once(char::is_whitespace)
            .unwrap_or((written, ""));
        return Ok(vec![(name.to_owned(), plain(value.trim())?)]);
    }
    let mut pairs = Vec::new();
    let mut rest = written;
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or_else(|| format!("`{rest}` is no pair"))?;
        let (value, end) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = &after[1..];
                let end = inside
                    .find(quote)
                    .ok_or_else(|| "a quote is not closed".to_owned())?;
                let value = &inside[..end];
                if quote == '\'' && value.contains('$') {
                    return Err("`$` stands in single quotes".to_owned());
                }
                (plain(value)?, end + 2)
            }
            _ => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (plain(&after[..end])?, end)
            }
        };
        let after = &after[end..];
        if !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            return Err("quotes end inside of a word".to_owned());
        }
        pairs.push((name.trim_matches(['"', '\'']).to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// Returns a value that a shell and a Dockerfile read alike.
fn plain(value: &str) -> Result<String, String> {
    if value.contains(['\\', '"', '\'', '`', '\n']) {
        return Err("quotes and backslashes are read in another way there".to_owned());
    }
    Ok(value.to_owned())
}

/// Replaces the variables of `value` that are `known`; `$NAME` and `${NAME}` of others stay.
///
/// # Errors
/// Expressions with more than a name.
pub fn expand(value: &str, known: &[(String, String)]) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let is_braced = after.starts_with('{');
        let inside = after.trim_start_matches('{');
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = inside.find(|c| !is_of_name(c)).unwrap_or(inside.len());
        let (name, after) = inside.split_at(end);
        let after = match (is_braced, after.strip_prefix('}')) {
            (false, _) => after,
            (true, Some(after)) => after,
            (true, None) => return Err(format!("`{value}` is more than the name of a variable")),
        };
        if name.is_empty() {
            return Err(format!("`{value}` has a `$` without a name"));
        }
        match known.iter().find(|(known, _)| known == name) {
            Some((_, value)) => expanded.push_str(value),
            None => expanded.push_str(&format!("${{{name}}}")),
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Returns a word without variables.
///
/// # Errors
/// A variable.
pub fn word(written: &UnescapedString<'_>) -> Result<String, String> {
    if written.value.contains('$') {
        return Err(format!("`{}` has a variable", written.value));
    }
    Ok(written.value.trim().to_owned())
}

/// Returns the words of `CMD` or `ENTRYPOINT`.
pub fn words(command: &Command<'_>) -> Vec<String> {
    match command {
        Command::Exec(words) => words.value.iter().map(|it| it.value.to_string()).collect(),
        Command::Shell(text) => {
            let text = text.value.lines().map(str::trim_end);
            let text: Vec<&str> = text.map(|it| it.strip_suffix('\\').unwrap_or(it)).collect();
            let text = text.concat();
            ["/bin/sh", "-c", text.trim()].map(str::to_owned).to_vec()
        }
        _ => Vec::new(),
    }
}

/// Returns the words of a list.
pub fn list<const N: usize>(list: &JsonOrStringArray<'_, N>) -> Vec<String> {
    let words = match list {
        JsonOrStringArray::Json(words) => &words.value,
        JsonOrStringArray::String(words) => words,
    };
    words.iter().map(|it| it.value.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_docker_reads_them() {
        let read = |text: &str| {
            let pairs = pairs(text)?;
            let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
            Ok::<_, String>(pairs.collect::<Vec<_>>().join(";"))
        };
        assert_eq!(read("A=b C=\"d e\" F='g'").unwrap(), "A=b;C=d e;F=g");
        assert_eq!(read("A b c").unwrap(), "A=b c");
        for wrong in ["A=b\\ c", "A=\"b\"c", "A='$B'", "A=\"b", "A=b C"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_that_are_known_are_replaced() {
        let known = [("A".to_owned(), "/a".to_owned())];
        assert_eq!(
            expand("$A/bin:${B}:$C", &known).unwrap(),
            "/a/bin:${B}:${C}"
        );
        assert!(expand("${A:-b}", &known).is_err());
        assert!(expand("a$", &known).is_err());
    }
}
