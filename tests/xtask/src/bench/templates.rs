//! A large configuration of templates: 2,000 lines, 200 images, 100 includes, 500 files read.
//!
//! What is measured is the released program as a whole process on a real repository, and the limit is of all that it
//! does: starting, opening the repository, rendering, reading the YAML, and planning.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Options;
use super::stats::Summary;
use crate::checkout::{self, Profile};
use crate::demo::commit_all;
use crate::process::capture;
use crate::talk::{print, say};

const IMAGES: usize = 200;
const INCLUDES: usize = 100;
const FILES: usize = 500;
const LINES: usize = 2_000;

/// Of the words in the project; any will do.
const SEED: u64 = 1;

/// What `plan`, which does everything, may take.
const LIMIT: Duration = Duration::from_millis(100);

/// Measures `render` and `plan` of the released program, and how long it takes to do nothing.
pub fn run(options: &Options) -> Result<()> {
    let program = release()?;
    let project = tempfile::tempdir().context("make a directory for the project")?;
    write_project(project.path())?;
    commit_all(project.path())?;
    say(format_args!(
        "{LINES} lines, {IMAGES} images, {INCLUDES} includes, {FILES} files: {} runs each, by turns",
        options.runs
    ));
    let ways = [&["--version"][..], &["render"], &["plan"]];
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for run in 0..=options.runs {
        for (arguments, times) in ways.iter().zip(&mut times) {
            let began = Instant::now();
            capture(
                Command::new(&program)
                    .args(*arguments)
                    .current_dir(project.path()),
            )?;
            // The first of each warms up.
            if run > 0 {
                times.push(began.elapsed());
            }
        }
    }
    let summaries = times.map(|times| Summary::of(&times));
    let mut table = format!("{:10} {:>10} {:>10} {:>10}", "", "median", "min", "max");
    for (arguments, times) in ways.iter().zip(&summaries) {
        let [median, min, max] =
            [times.median, times.min, times.max].map(|time| time.as_secs_f64() * 1e3);
        write!(
            table,
            "\n{:10} {median:>7.1} ms {min:>7.1} ms {max:>7.1} ms",
            arguments[0]
        )?;
    }
    print(table)?;
    let median = summaries[2].median;
    if median > LIMIT {
        bail!("`plan` takes {median:?}, the limit is {LIMIT:?}");
    }
    Ok(())
}

/// Compiles the frontend as it is released, for this machine, and returns the program.
fn release() -> Result<std::path::PathBuf> {
    say("compiling the frontend as it is released (minutes, once)");
    let mut build = checkout::cargo();
    build.args(["build", "--locked", "--package", "werf-frontend"]);
    build.args(["--profile", Profile::Release.name()]);
    capture(&mut build)?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| checkout::root().join("target"), Into::into);
    Ok(target.join("release/werf-frontend"))
}

fn write_project(project: &Path) -> Result<()> {
    let mut random = Random(SEED);
    for directory in [".werf", "conf"] {
        fs::create_dir_all(project.join(directory))?;
    }
    for part in 0..INCLUDES {
        let text = format!(
            "{{{{- define \"part-{part}\" }}}}\n- echo {{{{ .Name | quote }}}} {}\n\
             {{{{- if eq .Env \"production\" }}}}\n- echo production\n{{{{- else }}}}\n\
             - echo {{{{ .Env | default \"none\" | upper }}}}\n{{{{- end }}}}\n{{{{- end }}}}\n",
            random.word()
        );
        let path = project.join(format!(".werf/part-{part}.tmpl"));
        fs::write(path, text)?;
    }
    for file in 0..FILES {
        let words: Vec<String> = (0..10).map(|_| random.word()).collect();
        fs::write(project.join(conf(file)), words.join("\n"))?;
    }
    fs::write(project.join("werf.yaml"), config(&mut random)?)?;
    Ok(())
}

fn conf(file: usize) -> String {
    format!("conf/{file:03}.txt")
}

/// Writes `werf.yaml`: every second image includes a part and reads three files, the others two.
fn config(random: &mut Random) -> Result<String> {
    let mut text = "project: speed\nconfigVersion: 1\n".to_owned();
    let mut file = 0;
    for image in 0..IMAGES {
        let includes = image % (IMAGES / INCLUDES) == 0;
        write!(
            text,
            "---\nimage: app-{image}\nfrom: alpine:3.20\nshell:\n  install:\n"
        )?;
        if includes {
            let part = image * INCLUDES / IMAGES;
            writeln!(
                text,
                "  {{{{- include \"part-{part}\" (dict \"Name\" \"{}\" \"Env\" $.Env) | nindent 2 }}}}",
                random.word()
            )?;
        }
        for _ in 0..if includes { 3 } else { 2 } {
            let path = conf(file);
            writeln!(
                text,
                "  - echo {{{{ .Files.Get \"{path}\" | trim | sha256sum | trunc 12 }}}}"
            )?;
            file += 1;
        }
    }
    let missing = LINES.checked_sub(text.lines().count());
    for _ in 0..missing.context("the configuration is too long")? {
        writeln!(text, "  - echo {{{{ \"{}\" | upper }}}}", random.word())?;
    }
    Ok(text)
}

/// A small generator (xorshift64*), so that every run measures the same project.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn word(&mut self) -> String {
        let length = 3 + self.next() % 8;
        (0..length)
            .map(|_| char::from(b'a' + (self.next() % 26) as u8))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_what_the_limit_is_of() {
        let text = config(&mut Random(SEED)).unwrap();
        let count = |what: &str| text.matches(what).count();
        assert_eq!(
            [
                text.lines().count(),
                count("image: "),
                count("include "),
                count(".Files.Get")
            ],
            [LINES, IMAGES, INCLUDES, FILES]
        );
        assert_eq!(
            text,
            config(&mut Random(SEED)).unwrap(),
            "a seed is a project"
        );
    }
}
