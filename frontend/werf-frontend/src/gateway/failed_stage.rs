//! What a person reads when a stage fails: the daemon's message, with the stage before it and a hint after it.

use buildkit_proto::rpc;
use werf_plan::agreed::{MAKE_ROOM, NO_ROOM, NO_ROOM_EXIT_CODE, STORE_EXIT_CODE, SYNC_EXIT_CODE};
use werf_plan::until;

use crate::lower::Step;

use super::failed_command::Left;
use super::{own_program, report, task};

/// Says which stage of which image failed and why, and what its commands could see of `commit`, which is
/// empty in development mode. Code and details stay.
///
/// The daemon's message begins with the arguments of the process, which are ours and not the user's: they are left out.
/// `left` is what a shell has left behind of the command that failed. Without a step the failure is none of a stage, and the status stays as it is.
pub fn describe(
    mut status: rpc::Status,
    step: Option<&Step>,
    left: Option<&Left>,
    commit: &str,
) -> rpc::Status {
    let Some(step) = step else {
        return status;
    };
    let code = report::exit_code(&status);
    let reason = reason(&status.message, code);
    let mut is_told = false;
    status.message = match task::failed(step, code) {
        Some(failed) => failed.name(&mut status, step, reason.as_deref()),
        None if code == Some(SYNC_EXIT_CODE) && left.is_some() => {
            is_told = true;
            let reason = left.map(Left::line).unwrap_or_default();
            format!(
                "stage `{}` of image `{}` failed: {reason}",
                step.kind, step.image
            )
        }
        None => {
            let said = code.map_or_else(String::new, |code| {
                let meaning = meaning(code, left.is_some())
                    .map_or_else(String::new, |says| format!(" ({says})"));
                format!(" with exit code {code}{meaning}")
            });
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let told = left.and_then(|left| left.tell(&mut status, step));
            is_told = told.is_some();
            match told {
                Some((at, command)) => format!(
                    "{}:{}:{}: `{command}` in stage `{}` of image `{}` failed{said}{reason}",
                    at.file, at.start.line, at.start.column, step.kind, step.image
                ),
                None => format!(
                    "stage `{}` of image `{}` failed{said}{reason}",
                    step.kind, step.image
                ),
            }
        }
    };
    if let Some(hint) = hint(step, code, left, &status.message).filter(|_| !is_told) {
        status.message.push_str(&format!("\n  hint: {hint}"));
    }
    if let Some(stage) = step.kind.user_stage().filter(|_| its_commands_failed(code)) {
        status.message.push_str(&format!(
            "\n  hint: to look around where it began, build with `--target {} --build-arg {}=before:{} --load -t look`, then \
             `docker run --rm -it --entrypoint sh look`",
            step.image,
            until::ARGUMENT,
            stage.name(),
        ));
    }
    if commands_saw_files(step, code) {
        status.message.push_str(&match commit {
            "" => "\n  hint: its commands see the files of the working directory, without those that are ignored".to_owned(),
            commit => format!(
                "\n  hint: its commands see the files of commit {}, {SAW_COMMIT}; if one is missing or old, commit it and \
                 build again",
                commit.get(..12).unwrap_or(commit)
            ),
        });
    }
    status
}

/// What is said of commands that saw the files of a commit.
pub(super) const SAW_COMMIT: &str = "not those of the working directory";

/// Returns what the daemon's message says besides the process and its exit code, if there is more.
///
/// It is `process "ARGUMENTS" did not complete successfully: REASON`, and the reason of a process that ended by itself is
/// `exit code: N` (`solver/llbsolver/ops/exec.go`, `solver/pb/errdefs`).
pub(super) fn reason(message: &str, code: Option<i64>) -> Option<String> {
    let reason = match message.strip_prefix("process \"") {
        Some(rest) => rest.rsplit_once(PROCESS_FAILED)?.1,
        None => message,
    };
    let Some(code) = code else {
        return Some(reason.to_owned());
    };
    let more = reason.strip_prefix(&format!("exit code: {code}"));
    match more {
        Some("") => None,
        Some(more) if more.starts_with(": ") => Some(more[2..].to_owned()),
        _ => Some(reason.to_owned()),
    }
}

/// What stands between the arguments of a process and the reason.
const PROCESS_FAILED: &str = "\" did not complete successfully: ";

/// Returns what an exit code says in words: of a shell (POSIX, "Exit Status for Commands"; 128 and more is a signal), or of a sync, which
/// leaves nothing behind.
pub(super) fn meaning(code: i64, has_left: bool) -> Option<&'static str> {
    match code {
        STORE_EXIT_CODE if !has_left => {
            Some("it did not find in STORE what the build had put there")
        }
        NO_ROOM_EXIT_CODE if !has_left => Some(NO_ROOM),
        126 => Some("a command cannot be executed"),
        127 => Some("a command was not found"),
        137 => Some("killed, perhaps because memory ran out"),
        139 => Some("a program crashed"),
        143 => Some("terminated"),
        _ => None,
    }
}

/// Returns where a person finds out more: what commands say is in the log of the build only.
fn hint(
    step: &Step,
    code: Option<i64>,
    left: Option<&Left>,
    message: &str,
) -> Option<&'static str> {
    const UNKNOWN_OWNER: [&str; 3] = [
        "invalid user index",
        "unable to find user",
        "unable to find group",
    ];
    match code {
        None if UNKNOWN_OWNER.iter().any(|says| message.contains(says)) => Some(
            "the image has no such `owner` or `group`: create it in an earlier stage, or write a number",
        ),
        None | Some(report::NOT_STARTED) => own_program::room(message),
        Some(NO_ROOM_EXIT_CODE) if left.is_none() => Some(MAKE_ROOM),
        // A task is named already.
        Some(_) if task::failed(step, code).is_some() => None,
        Some(STORE_EXIT_CODE | SYNC_EXIT_CODE) => Some("the end of its log, above, says why"),
        Some(_) => Some("the end of its log, above, says which command it was, and why"),
    }
}

/// Whether it was commands of the user's that failed, with files of git mappings at hand.
fn commands_saw_files(step: &Step, code: Option<i64>) -> bool {
    step.has_sources && step.kind.user_stage().is_some() && its_commands_failed(code)
}

/// Whether it was a process of the user's that ended with `code`.
pub(super) fn its_commands_failed(code: Option<i64>) -> bool {
    let own = [SYNC_EXIT_CODE, report::NOT_STARTED];
    code.is_some_and(|code| !own.contains(&code)) && !is_without_words(code)
}

/// Whether a sync that ends with `code` leaves no words behind: STORE lacks something, or there is no room for words.
pub(super) fn is_without_words(code: Option<i64>) -> bool {
    matches!(code, Some(STORE_EXIT_CODE | NO_ROOM_EXIT_CODE))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use werf_config::ImageName;
    use werf_plan::stage::StageKind;

    use super::*;

    fn described(kind: StageKind, has_sources: bool, code: Option<i64>) -> String {
        described_as(kind, has_sources, code, "it broke")
    }

    fn described_as(
        kind: StageKind,
        has_sources: bool,
        code: Option<i64>,
        message: &str,
    ) -> String {
        described_with(None, kind, has_sources, (code, message))
    }

    fn described_with(
        left: Option<&Left>,
        kind: StageKind,
        has_sources: bool,
        (code, message): (Option<i64>, &str),
    ) -> String {
        let mut graph = buildkit_llb::Graph::new();
        let node = graph.exec(buildkit_llb::Exec::new(["x"]).root(None)).root();
        let step = Step {
            node,
            image: ImageName::new("app"),
            kind,
            has_sources,
            tasks: Vec::new(),
            commands: Vec::new(),
            first_task: 0,
        };
        let status = rpc::Status {
            code: report::CODE_UNKNOWN,
            message: message.to_owned(),
            details: code
                .map(|code| prost_types::Any {
                    type_url: "github.com/moby/buildkit/gatewayapi.ExitMessage+json".to_owned(),
                    value: json!({ "Code": code }).to_string().into_bytes(),
                })
                .into_iter()
                .collect(),
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let described = describe(status.clone(), Some(&step), left, commit);
        assert_eq!(described.details, status.details);
        assert_eq!(describe(status.clone(), None, None, commit), status);
        described.message
    }

    #[test]
    fn commands_that_fail_with_files_at_hand_get_a_hint() {
        assert_eq!(
            described(StageKind::Install, true, Some(1)),
            "stage `install` of image `app` failed with exit code 1: it broke\n  hint: the end of its log, above, says which \
             command it was, and why\n  hint: to look around where it began, build with `--target app --build-arg \
             WERF_UNTIL=before:install --load -t look`, then `docker run --rm -it --entrypoint sh look`\n  hint: its commands see the files of \
             commit 0123456789ab, not those of the working directory; if one is missing or old, commit it and build \
             again"
        );
    }

    #[test]
    fn other_failures_get_none() {
        for (kind, has_sources, code) in [
            (StageKind::BeforeInstall, false, Some(1)),
            (StageKind::GitLatestPatch, true, Some(1)),
            (StageKind::Setup, true, Some(93)),
            (StageKind::Setup, true, Some(94)),
            (StageKind::Setup, true, Some(96)),
            (StageKind::Setup, true, Some(255)),
            (StageKind::Setup, true, None),
        ] {
            let message = described(kind, has_sources, code);
            assert!(message.starts_with(&format!("stage `{kind}` of image `app` failed")));
            assert!(!message.contains("its commands see"), "{message}");
        }
    }

    #[test]
    fn our_own_arguments_are_not_shown() {
        let process = |reason: &str| {
            format!(
                "process \"/.werf/stapel/bin/stapel-sync run --store /x \\\"{}\\\"\" did not complete successfully: {reason}",
                "0".repeat(64)
            )
        };
        let first = |code: Option<i64>, reason: &str| {
            let message = described_as(StageKind::Setup, false, code, &process(reason));
            let lines: Vec<&str> = message.lines().collect();
            (
                lines[0].to_owned(),
                lines.get(1).map(|&line| line.to_owned()),
            )
        };
        let which = "  hint: the end of its log, above, says which command it was, and why";
        let why = "  hint: the end of its log, above, says why";
        for (code, reason, expected, hint) in [
            (Some(1), "exit code: 1", "with exit code 1", Some(which)),
            (
                Some(127),
                "exit code: 127",
                "with exit code 127 (a command was not found)",
                Some(which),
            ),
            (
                Some(137),
                "exit code: 137: cannot allocate memory",
                "with exit code 137 (killed, perhaps because memory ran out): cannot allocate memory",
                Some(which),
            ),
            (Some(94), "exit code: 94", "with exit code 94", Some(why)),
            // Only the code of the process itself is left out.
            (
                Some(1),
                "exit code: 12",
                "with exit code 1: exit code: 12",
                Some(which),
            ),
            (
                None,
                "open /x/stapel: no such file or directory",
                ": open /x/stapel: no such file or directory",
                None,
            ),
        ] {
            let sep = if code.is_some() { " " } else { "" };
            let message = format!("stage `setup` of image `app` failed{sep}{expected}");
            assert_eq!(first(code, reason), (message, hint.map(str::to_owned)));
        }
    }

    #[test]
    fn what_a_sync_says_takes_the_place_of_its_exit_code() {
        let left = Left::parse("94\n\nowner: no user `a\x1b`\n", SYNC_EXIT_CODE);
        let code = (Some(SYNC_EXIT_CODE), "it broke");
        let message = described_with(left.as_ref(), StageKind::GitArchive, true, code);
        assert_eq!(
            message,
            "stage `gitArchive` of image `app` failed: owner: no user `a\\u{1b}`"
        );
    }

    #[test]
    fn what_store_lacks_is_told_in_words_unless_it_was_a_command_that_ended_so() {
        let code = (Some(STORE_EXIT_CODE), "exit code: 93");
        let message = described_with(None, StageKind::Setup, true, code);
        assert_eq!(
            message,
            "stage `setup` of image `app` failed with exit code 93 (it did not find in STORE what the build had put there)\n  \
             hint: the end of its log, above, says why"
        );
        let left = Left::parse("93\n\nexit 93\n", STORE_EXIT_CODE);
        let message = described_with(left.as_ref(), StageKind::Setup, true, code);
        assert!(
            message.starts_with("stage `setup` of image `app` failed with exit code 93\n"),
            "{message}"
        );
    }

    #[test]
    fn a_full_disk_is_told_in_words_unless_it_was_a_command_that_ended_so() {
        let code = (Some(NO_ROOM_EXIT_CODE), "exit code: 96");
        let message = described_with(None, StageKind::Install, true, code);
        assert_eq!(
            message,
            "stage `install` of image `app` failed with exit code 96 (no space left on the builder's disk)\n  hint: `docker \
             buildx du` shows what its cache takes, `docker buildx prune` frees that, and `docker system df` shows what else there is"
        );
        let left = Left::parse("96\n\nexit 96\n", NO_ROOM_EXIT_CODE);
        let message = described_with(left.as_ref(), StageKind::Install, true, code);
        assert_eq!(
            message,
            "stage `install` of image `app` failed with exit code 96\n  hint: the end of its log, above, says which command it was, and why"
        );
        // What the daemon could not do, it says itself.
        let says = "failed to prepare x: mkdir /y: no space left on device";
        let message = described_with(None, StageKind::Install, true, (None, says));
        let (first, hint) = message.split_once('\n').expect("a hint");
        assert_eq!(
            first,
            format!("stage `install` of image `app` failed: {says}")
        );
        assert!(hint.contains("docker buildx prune"), "{hint}");
    }

    #[test]
    fn an_owner_that_an_import_does_not_find_is_told_in_words() {
        let kind = StageKind::ImportsBeforeInstall;
        let message = described_as(kind, false, None, "invalid user index: -1");
        assert_eq!(
            message,
            "stage `importsBeforeInstall` of image `app` failed: invalid user index: -1\n  hint: the image has no such \
             `owner` or `group`: create it in an earlier stage, or write a number"
        );
    }
}
