//! `export` lines for a POSIX shell.

/// Returns a line that sets a variable, quoted when it needs to be.
pub fn line(name: &str, value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        format!("export {name}={value}")
    } else {
        format!("export {name}='{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::line;

    #[test]
    fn plain_values_stay_readable() {
        assert_eq!(
            line("A", "unix:///run/docker.sock"),
            "export A=unix:///run/docker.sock"
        );
    }

    #[test]
    fn a_shell_reads_back_every_value() {
        for value in [
            "",
            "two words",
            "it's",
            "$HOME `id` \"x\" \\",
            "~",
            "a\nb",
            "привет",
        ] {
            let script = format!("{}\nprintf %s \"$A\"", line("A", value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        }
    }
}
