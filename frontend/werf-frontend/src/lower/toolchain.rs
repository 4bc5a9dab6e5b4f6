//! What an ansible stage has that a shell stage has not: its work directory, another tool chain, a scratch
//! directory and a few variables.
//!
//! The tool chain takes the place of the shell tools at `/.werf/stapel`. The program that brings the sources up to
//! date is not part of it, and is started from STORE itself.

use buildkit_llb::{File, Mount};
use werf_plan::playbook::{CONFIG, DIRECTORY, HOSTS, PATH, PROGRAM, SCRATCH};
use werf_plan::script::ScriptKind;

use super::image_config::DEFAULT_PATH;

/// The program that brings the sources up to date, where the shell tools are not mounted.
pub const SYNC: &str = "/.werf/store/stapel/bin/stapel-sync";

/// Puts the files of the work directory into `file`.
pub fn work_directory(file: File, playbook: &str) -> File {
    file.mkfile("/playbook.yml", 0o644, playbook.as_bytes())
        .mkfile("/ansible.cfg", 0o644, CONFIG.as_bytes())
        .mkfile("/hosts", 0o644, HOSTS.as_bytes())
}

/// Returns the program and its arguments.
pub fn command() -> [String; 2] {
    [PROGRAM.to_owned(), format!("{DIRECTORY}/playbook.yml")]
}

/// Returns the variables and mounts that a script of this kind needs beside those of every stage; `env` is the
/// environment of the base image. Programs of the image come before those of the tool chain.
pub fn environment(
    kind: ScriptKind,
    env: &[(String, String)],
) -> (Vec<(&'static str, String)>, Vec<Mount>) {
    if kind == ScriptKind::Shell {
        return (Vec::new(), Vec::new());
    }
    let path = env
        .iter()
        .rev()
        .find(|(name, value)| name == "PATH" && !value.is_empty())
        .map_or(DEFAULT_PATH, |(_, value)| value.as_str());
    let variables = vec![
        ("PATH", format!("{path}:{PATH}")),
        ("ANSIBLE_CONFIG", format!("{DIRECTORY}/ansible.cfg")),
    ];
    (variables, vec![Mount::tmpfs(SCRATCH).into()])
}

#[cfg(test)]
mod tests {
    use werf_plan::agreed::{STORE_DIRECTORY, TOOLS};

    use super::SYNC;

    #[test]
    fn the_program_is_where_plan_puts_the_tools() {
        assert_eq!(SYNC, format!("{STORE_DIRECTORY}/{TOOLS}/bin/stapel-sync"));
    }
}
