//! What a person reads when one of our own programs fails that is no stage's, such as PLAN.
//!
//! The daemon's message begins with the arguments of the process, which mean nothing to whoever builds.

use buildkit_proto::rpc::Status;
use werf_plan::agreed::{MAKE_ROOM, NO_ROOM_EXIT_CODE};

use super::bridge::CallError;
use super::failed_stage::{meaning, reason};
use super::report;

/// What the daemon says where the system has no room for it.
const DAEMON_NO_ROOM: &str = "no space left on device";

/// Says that it was `what` that failed, if the vertex with the digest `vertex` is what has, and with what to do about it.
pub(super) fn explain(mut error: CallError, what: &str, vertex: &str) -> CallError {
    if let CallError::Status(status) = &mut error
        && report::failed_vertex(status).is_some_and(|failed| failed == vertex)
    {
        status.message = described(status, what);
    }
    error
}

/// Returns what to do about the daemon's `message`, if it says that there is no room.
pub(super) fn room(message: &str) -> Option<&'static str> {
    message.contains(DAEMON_NO_ROOM).then_some(MAKE_ROOM)
}

fn described(status: &Status, what: &str) -> String {
    let code = report::exit_code(status).filter(|code| *code != report::NOT_STARTED);
    let mut message = format!("{what} failed");
    if let Some(code) = code {
        message.push_str(&format!(" with exit code {code}"));
        if let Some(says) = meaning(code, false) {
            message.push_str(&format!(" ({says})"));
        }
    }
    if let Some(reason) = reason(&status.message, code) {
        message.push_str(&format!(": {reason}"));
    }
    let hint = match code {
        Some(NO_ROOM_EXIT_CODE) => Some(MAKE_ROOM),
        Some(_) => Some("the end of its log, above, says why"),
        None => room(&message),
    };
    if let Some(hint) = hint {
        message.push_str(&format!("\n  hint: {hint}"));
    }
    message
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn explained(vertex: &str, code: Option<i64>, reason: &str) -> String {
        let detail = |name: &str, value: serde_json::Value| prost_types::Any {
            type_url: format!("github.com/moby/buildkit/{name}"),
            value: value.to_string().into_bytes(),
        };
        let code = code.map(|code| detail("gatewayapi.ExitMessage+json", json!({ "Code": code })));
        let mut details = vec![detail("errdefs.Vertex+json", json!({ "digest": vertex }))];
        details.extend(code);
        let error = CallError::Status(Box::new(Status {
            code: report::CODE_UNKNOWN,
            message: format!(
                "process \"/werf-frontend plan-in-build --store /store\" did not complete successfully: {reason}"
            ),
            details,
        }));
        match explain(error, "PLAN", "sha256:plan") {
            CallError::Status(status) => status.message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn our_own_program_fails_in_words() {
        let no_room = format!("\n  hint: {MAKE_ROOM}");
        for (code, reason, expected) in [
            (
                Some(96),
                "exit code: 96",
                format!("PLAN failed with exit code 96 (no space left on the builder's disk){no_room}"),
            ),
            (
                Some(137),
                "exit code: 137: context canceled",
                "PLAN failed with exit code 137 (killed, perhaps because memory ran out): context canceled\n  hint: the end of its log, \
                 above, says why"
                    .to_owned(),
            ),
            (
                Some(1),
                "exit code: 1",
                "PLAN failed with exit code 1\n  hint: the end of its log, above, says why".to_owned(),
            ),
            (
                Some(255),
                "mkdir /x: no space left on device",
                format!("PLAN failed: mkdir /x: no space left on device{no_room}"),
            ),
            (None, "it broke", "PLAN failed: it broke".to_owned()),
        ] {
            assert_eq!(explained("sha256:plan", code, reason), expected);
        }
    }

    #[test]
    fn what_fails_before_it_is_told_as_it_was() {
        let said = explained("sha256:base", Some(1), "exit code: 1");
        assert!(said.starts_with("process \""), "{said}");
    }
}
