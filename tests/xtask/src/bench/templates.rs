//! A large configuration of templates: 2,000 lines, 200 images, 100 includes, 500 files read.
//!
//! What is measured is the released program as a whole process on a real repository, and the limit is of all that it
//! does: starting, opening the repository, rendering, reading the YAML, and planning. It is compared with the processor
//! time, which is the elapsed time of a machine that has nothing else to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

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

/// How it is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// A program that is compiled already, instead of this checkout's
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Measures `render` and `plan` of the released program, and how long it takes to do nothing.
pub fn run(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => std::path::absolute(program)?,
        None => release()?,
    };
    let project = tempfile::tempdir().context("make a directory for the project")?;
    write_project(project.path())?;
    commit_all(project.path())?;
    say(format_args!(
        "{LINES} lines, {IMAGES} images, {INCLUDES} includes, {FILES} files: {} runs each, by turns",
        options.runs
    ));
    let ways = [&["--version"][..], &["render"], &["plan"]];
    let mut times: [[Vec<Duration>; 2]; 3] = Default::default();
    for run in 0..=options.runs {
        for (arguments, times) in ways.iter().zip(&mut times) {
            let measured = measure(&program, arguments, project.path())?;
            // The first of each warms up.
            if run > 0 {
                for (times, time) in times.iter_mut().zip(measured) {
                    times.push(time);
                }
            }
        }
    }
    let summaries = times.map(|kinds| kinds.map(|times| Summary::of(&times)));
    let mut table = format!("{:22} {:>10} {:>10} {:>10}", "", "median", "min", "max");
    for (arguments, kinds) in ways.iter().zip(&summaries) {
        for (kind, times) in ["elapsed", "processor"].iter().zip(kinds) {
            let [median, min, max] =
                [times.median, times.min, times.max].map(|time| time.as_secs_f64() * 1e3);
            let name = arguments[0];
            write!(
                table,
                "\n{name:11} {kind:10} {median:>7.1} ms {min:>7.1} ms {max:>7.1} ms"
            )?;
        }
    }
    print(table)?;
    let median = summaries[2][1].median;
    if median > LIMIT {
        bail!("`plan` takes {median:?}, the limit is {LIMIT:?}");
    }
    Ok(())
}

/// Runs the program and returns the time that passed and the time of the processors.
fn measure(program: &Path, arguments: &[&str], directory: &Path) -> Result<[Duration; 2]> {
    // Bash tells milliseconds, and of the program alone.
    const SCRIPT: &str = "TIMEFORMAT='%R %U %S'; time \"$@\" >/dev/null";
    let mut command = Command::new("bash");
    command
        .args(["-c", SCRIPT, "bash"])
        .arg(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .current_dir(directory);
    let output = command.output().context("start bash")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("{} {arguments:?} failed:\n{said}", program.display());
    }
    let seconds: Vec<f64> = said
        .lines()
        .last()
        .unwrap_or_default()
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("read the times in `{said}`"))?;
    let &[elapsed, user, system] = seconds.as_slice() else {
        bail!("there are no times in `{said}`");
    };
    Ok([elapsed, user + system].map(Duration::from_secs_f64))
}

/// Compiles the frontend as it is released, for this machine, and returns the program.
fn release() -> Result<PathBuf> {
    say("compiling the frontend as it is released (minutes, once)");
    let mut build = checkout::cargo();
    build.args(["build", "--locked", "--package", "werf-frontend"]);
    build.args(["--profile", Profile::Image.name()]);
    capture(&mut build)?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| checkout::root().join("target"), Into::into);
    Ok(target.join(Profile::Image.name()).join("werf-frontend"))
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
