//! The host's apt: which Debian mirror it uses, and installing what is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::home::Home;
use crate::process::{logged, on_path};
use crate::talk::say;

/// The variable that names a Debian mirror when the host's own sources do not.
const MIRROR: &str = "WERF_HARNESS_MIRROR";

/// Returns the Debian mirror of the host: the one its own release comes from.
pub fn mirror() -> Result<String> {
    if let Ok(mirror) = env::var(MIRROR)
        && !mirror.is_empty()
    {
        return Ok(mirror);
    }
    let release = fs::read_to_string("/etc/os-release").context("read /etc/os-release")?;
    if os_release(&release, "ID") == Some("debian")
        && let Some(codename) = os_release(&release, "VERSION_CODENAME")
    {
        for file in source_files(Path::new("/etc/apt")) {
            let text =
                fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
            let deb822 = file
                .extension()
                .is_some_and(|extension| extension == "sources");
            let sources = if deb822 {
                parse_deb822(&text)
            } else {
                parse_one_line(&text)
            };
            if let Some(source) = sources.into_iter().find(|source| source.is_for(codename)) {
                return Ok(source.uri);
            }
        }
    }
    bail!("apt's sources name no Debian mirror over http or https; name one in {MIRROR}")
}

/// Installs a package of the host's own release if `program` is missing.
pub fn need(home: &Home, program: &str, package: &str) -> Result<()> {
    if on_path(program) || Path::new("/usr/sbin").join(program).exists() {
        return Ok(());
    }
    if !on_path("apt-get") {
        bail!("`{program}` is missing, and there is no apt-get to install {package} with");
    }
    say(format_args!(
        "installing {package} on this machine: `{program}` is missing"
    ));
    let log = home.logs()?.join(format!("apt-{package}.log"));
    logged(
        &format!("installing {package}"),
        &log,
        Command::new("sh")
            .args(["-ec", INSTALL, "sh", package])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Fetches apt's lists.
pub fn update(home: &Home) -> Result<()> {
    say("fetching apt's lists on this machine");
    logged(
        "apt-get update",
        &home.logs()?.join("apt-update.log"),
        Command::new("apt-get").arg("update"),
    )
}

/// apt's lists may be absent (a fresh container) or too old; they are fetched only when needed.
const INSTALL: &str = r#"
install() { apt-get install -y --no-install-recommends "$1"; }
install "$1" || { apt-get update && install "$1"; }
"#;

/// One archive in apt's sources.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
}

impl Source {
    fn is_for(&self, codename: &str) -> bool {
        self.suites.iter().any(|suite| suite == codename)
            && self.components.iter().any(|component| component == "main")
            && (self.uri.starts_with("http://") || self.uri.starts_with("https://"))
    }
}

fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut files = vec![apt.join("sources.list")];
    if let Ok(entries) = fs::read_dir(apt.join("sources.list.d")) {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.retain(|file| {
        file.is_file()
            && file
                .extension()
                .is_some_and(|is| is == "list" || is == "sources")
    });
    files.sort();
    files
}

fn os_release<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .map(|value| value.trim_matches(['"', '\'']))
}

/// Parses `deb [options] URI SUITE COMPONENT…` lines.
fn parse_one_line(text: &str) -> Vec<Source> {
    let parse = |line: &str| {
        let line = line
            .split('#')
            .next()?
            .trim()
            .strip_prefix("deb ")?
            .trim_start();
        let line = match line.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => line,
        };
        let mut words = line.split_whitespace().map(str::to_owned);
        Some(Source {
            uri: words.next()?,
            suites: vec![words.next()?],
            components: words.collect(),
        })
    };
    text.lines().filter_map(parse).collect()
}

/// Parses stanzas of `Key: value` lines; a line that begins with a blank continues the one before.
fn parse_deb822(text: &str) -> Vec<Source> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let mut sources = Vec::new();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let words = |key: &str| -> Vec<String> {
            let mut inside = false;
            let mut words = Vec::new();
            for line in stanza {
                let value = if line.starts_with([' ', '\t']) {
                    *line
                } else {
                    let (name, value) = line.split_once(':').unwrap_or((line, ""));
                    inside = name.eq_ignore_ascii_case(key);
                    value
                };
                if inside {
                    words.extend(value.split_whitespace().map(str::to_owned));
                }
            }
            words
        };
        let on = !words("Enabled").iter().any(|word| word == "no");
        if on && words("Types").iter().any(|kind| kind == "deb") {
            for uri in words("URIs") {
                sources.push(Source {
                    uri,
                    suites: words("Suites"),
                    components: words("Components"),
                });
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror_in(sources: Vec<Source>) -> Option<String> {
        Some(
            sources
                .into_iter()
                .find(|source| source.is_for("bookworm"))?
                .uri,
        )
    }

    #[test]
    fn the_mirror_is_found_in_one_line_sources() {
        let text = "# deb http://old.example/debian bookworm main\n\
                    deb-src http://src.example/debian bookworm main\n\
                    deb https://vendor.example/apt bookworm-vendor main\n\
                    deb cdrom:[Debian]/ bookworm main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free # here\n";
        assert_eq!(
            mirror_in(parse_one_line(text)).as_deref(),
            Some("http://mirror.example/debian")
        );
    }

    #[test]
    fn the_mirror_is_found_in_deb822_sources() {
        let text = "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n\
                    \n# a comment\nTypes: deb deb-src\nURIs:\n http://mirror.example/debian\n# more\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By: /k.gpg\n\n\nTypes: deb\nURIs: http://security.example/\nSuites: bookworm-security\nComponents: main\n";
        assert_eq!(
            mirror_in(parse_deb822(text)).as_deref(),
            Some("http://mirror.example/debian")
        );
    }

    #[test]
    fn other_archives_are_not_taken_for_a_mirror() {
        assert_eq!(
            mirror_in(parse_one_line(
                "deb http://x.example nodistro main\ndeb\ndeb [x\n"
            )),
            None
        );
        assert_eq!(
            mirror_in(parse_deb822(
                "Types: deb-src\nURIs: http://x\nSuites: bookworm\nComponents: main"
            )),
            None
        );
        assert_eq!(mirror_in(parse_deb822("\n\n:\nTypes")), None);
    }

    #[test]
    fn os_release_values_may_be_quoted() {
        let text = "ID_LIKE=x\nID=\"debian\"\nVERSION_CODENAME=bookworm\n";
        assert_eq!(os_release(text, "ID"), Some("debian"));
        assert_eq!(os_release(text, "VERSION_CODENAME"), Some("bookworm"));
        assert_eq!(os_release(text, "VARIANT"), None);
    }
}
