//! Which modules a task may use, and what to say of others.

use diagnostic::closest;

/// The modules that a task may use: werf's list, complete, in alphabetical order.
pub const MODULES: &[&str] = &[
    "acl",
    "apk",
    "apt",
    "apt_key",
    "apt_repository",
    "apt_rpm",
    "archive",
    "assemble",
    "assert",
    "blockinfile",
    "bower",
    "bundler",
    "command",
    "composer",
    "copy",
    "cpanm",
    "cron",
    "debconf",
    "debug",
    "dnf",
    "dpkg_selections",
    "easy_install",
    "fail",
    "file",
    "find",
    "gem",
    "get_url",
    "getent",
    "group",
    "homebrew",
    "homebrew_cask",
    "homebrew_tap",
    "ini_file",
    "iso_extract",
    "layman",
    "lineinfile",
    "locale_gen",
    "macports",
    "maven_artifact",
    "meta",
    "npm",
    "openbsd_pkg",
    "openssl_certificate",
    "openssl_csr",
    "openssl_privatekey",
    "openssl_publickey",
    "opkg",
    "package",
    "pacman",
    "pear",
    "pip",
    "pkg5",
    "pkg5_publisher",
    "pkgin",
    "pkgng",
    "pkgutil",
    "portage",
    "portinstall",
    "pulp_repo",
    "raw",
    "redhat_subscription",
    "replace",
    "rhn_channel",
    "rhn_register",
    "rpm_key",
    "script",
    "set_fact",
    "shell",
    "slackpkg",
    "slurp",
    "sorcery",
    "stat",
    "svr4pkg",
    "swdepot",
    "swupd",
    "tempfile",
    "timezone",
    "unarchive",
    "uri",
    "urpmi",
    "user",
    "wait_for",
    "xattr",
    "xbps",
    "yarn",
    "yum",
    "yum_repository",
    "zypper",
    "zypper_repository",
];

/// What people try that cannot work in a stage, and what to write.
const ADVICE: &[(&str, &str)] = &[
    ("action", "name the module itself: `MODULE: ARGUMENTS`"),
    ("git", "add the files with `git` in the image section"),
    ("include", "put the tasks here, by a template if need be"),
    (
        "include_role",
        "put the tasks here, by a template if need be",
    ),
    (
        "include_tasks",
        "put the tasks here, by a template if need be",
    ),
    ("include_vars", "use `set_fact`"),
    (
        "import_tasks",
        "put the tasks here, by a template if need be",
    ),
    (
        "import_role",
        "put the tasks here, by a template if need be",
    ),
    (
        "local_action",
        "name the module itself: `MODULE: ARGUMENTS`",
    ),
    ("service", "start services when the image is run"),
    (
        "setup",
        "facts are not gathered; find out with `command` and `register`",
    ),
    ("synchronize", "add the files with `git`, or use `copy`"),
    ("systemd", "start services when the image is run"),
    (
        "template",
        "use `copy` with `content`, and render it in the Go template",
    ),
];

/// What a task may have beside its module. Only advice depends on it: unknown keys are ansible's to judge.
pub const KEYWORDS: &[&str] = &[
    "any_errors_fatal",
    "args",
    "async",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "changed_when",
    "check_mode",
    "collections",
    "connection",
    "debugger",
    "delay",
    "delegate_facts",
    "delegate_to",
    "diff",
    "environment",
    "failed_when",
    "ignore_errors",
    "ignore_unreachable",
    "loop",
    "loop_control",
    "module_defaults",
    "name",
    "no_log",
    "notify",
    "poll",
    "port",
    "register",
    "remote_user",
    "retries",
    "run_once",
    "sudo",
    "sudo_user",
    "tags",
    "throttle",
    "timeout",
    "until",
    "vars",
    "when",
];

/// Returns what to write instead of a module that is not allowed.
pub fn advice(key: &str) -> String {
    // `ansible.builtin.copy` is `copy`.
    let short = key.rsplit('.').next().unwrap_or_default();
    if let Some((_, advice)) = ADVICE.iter().find(|(name, _)| *name == short) {
        return (*advice).to_owned();
    }
    let meant = MODULES.iter().find(|name| **name == short && short != key);
    match meant
        .copied()
        .or_else(|| closest(short, MODULES.iter().copied()))
    {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "use `shell` or `command`; docs/ansible.md has the list of modules".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_chain_has_the_modules_of_the_list() {
        let kept = include_str!("../../../../stapel/ansible/modules.txt");
        assert_eq!(kept.lines().collect::<Vec<_>>(), MODULES);
        assert_eq!(MODULES.len(), 89);
        assert!(MODULES.is_sorted());
    }
}
