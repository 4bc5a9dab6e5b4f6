//! Numbers and names as tables and lists for people show them.

use werf_frontend::helper::inventory::TakenFile;

/// Returns `count` with commas, and `thing` in the singular or the plural.
pub fn count(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{} {thing}s", number(count)),
    }
}

/// Returns how many files there are and how long they are together: `3 files, 1.2 KiB`, or `no file`.
pub fn files<'a>(files: impl IntoIterator<Item = &'a TakenFile>) -> String {
    let (mut found, mut bytes, mut is_more) = (0, 0, false);
    for file in files {
        found += 1;
        bytes += file.bytes.unwrap_or(0);
        is_more |= file.bytes.is_none();
    }
    if found == 0 {
        return "no file".to_owned();
    }
    let least = if is_more { "at least " } else { "" };
    format!("{}, {least}{}", count(found, "file"), size(bytes))
}

/// Returns a size with its unit, with three digits at most before it or one behind the point.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes} B"),
        unit if value < 99.95 => format!("{value:.1} {unit}"),
        unit => format!("{value:.0} {unit}"),
    }
}

/// Returns a number with a comma after every third digit from the right.
fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_write_them() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1_234_567, "file"), "1,234,567 files");
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (102_297, "99.9 KiB"),
            (102_400, "100 KiB"),
            (5 << 20, "5.0 MiB"),
            (1 << 50, "1024 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(files([]), "no file");
    }
}
