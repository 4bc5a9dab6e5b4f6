//! `EXPOSE`: ports as Docker keeps them.

/// Ports from the first to the last, and their protocol.
type Range = (u16, u16, String);

/// Reads ports, ranges of ports and their protocols: `80` is `80/tcp`, `7000-7002/udp` are three. Several
/// may stand in one text with blanks between them, as in a Dockerfile.
///
/// # Errors
/// What is not a port, said to a person.
pub fn ports(text: &str) -> Result<Vec<String>, String> {
    let ranges = ranges(text)?.into_iter();
    Ok(ranges
        .flat_map(|(first, last, protocol)| {
            (first..=last).map(move |port| format!("{port}/{protocol}"))
        })
        .collect())
}

/// Checks that `text` names ports.
///
/// # Errors
/// What is not a port, said to a person.
pub fn check(text: &str) -> Result<(), String> {
    ranges(text).map(drop)
}

fn ranges(text: &str) -> Result<Vec<Range>, String> {
    let mut ranges = Vec::new();
    for word in text.split_whitespace() {
        let (range, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
        let protocol = protocol.to_ascii_lowercase();
        if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
            return Err(format!(
                "`{protocol}` in `{word}` is not a protocol: there are `tcp`, `udp` and `sctp`"
            ));
        }
        if range.contains(':') {
            return Err(format!(
                "`{word}` publishes a port: `EXPOSE` only names the port in the container"
            ));
        }
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (port(first, word)?, port(last, word)?);
        if first > last {
            return Err(format!("the range `{word}` is upside down"));
        }
        ranges.push((first, last, protocol));
    }
    if ranges.is_empty() {
        return Err("no port is given".to_owned());
    }
    Ok(ranges)
}

fn port(text: &str, word: &str) -> Result<u16, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number => Ok(port),
        _ if is_number => Err(format!("`{word}` is not a port: they end at 65535")),
        _ => Err(format!("`{word}` is not a port")),
    }
}

#[cfg(test)]
mod tests {
    use super::ports;

    #[test]
    fn ports_are_normalised() {
        assert_eq!(ports("80").unwrap(), ["80/tcp"]);
        assert_eq!(ports("080/TCP").unwrap(), ["80/tcp"]);
        assert_eq!(
            ports("7000-7002/udp").unwrap(),
            ["7000/udp", "7001/udp", "7002/udp"]
        );
        assert_eq!(ports("80 443/sctp").unwrap(), ["80/tcp", "443/sctp"]);
    }

    #[test]
    fn other_things_are_refused() {
        for text in [
            "", "http", "80/http", "99999", "-1", "90-80", "8080:80", "80-", "+80", "80/", "1-2-3",
        ] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
