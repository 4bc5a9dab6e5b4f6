//! What a person reads when a stage fails: the daemon's message, with the stage before it and a hint after it.

use buildkit_proto::rpc;
use werf_plan::agreed::{STORE_EXIT_CODE, SYNC_EXIT_CODE};

use crate::lower::Step;

use super::{report, task};

/// Says which stage of which image failed, and what its commands could see of `commit`. Code and details stay.
///
/// Without a step the failure is none of a stage, and the status stays as it is.
pub fn describe(mut status: rpc::Status, step: Option<&Step>, commit: &str) -> rpc::Status {
    let Some(step) = step else {
        return status;
    };
    let code = report::exit_code(&status);
    let what = match code {
        Some(code) => format!("failed with exit code {code}"),
        None => "failed".to_owned(),
    };
    match task::failed(step, code) {
        Some(failed) => failed.name(&mut status, step),
        None => {
            status.message = format!(
                "stage `{}` of image `{}` {what}: {}",
                step.kind, step.image, status.message
            );
        }
    }
    if commands_saw_files(step, code) {
        status.message.push_str(&format!(
            "\n  hint: its commands see the files of commit {}, not those of the working directory; if one is missing \
             or old, commit it and build again",
            commit.get(..12).unwrap_or(commit)
        ));
    }
    status
}

/// Whether it was commands of the user's that failed, with files of git mappings at hand.
fn commands_saw_files(step: &Step, code: Option<i64>) -> bool {
    let own = [STORE_EXIT_CODE, SYNC_EXIT_CODE, report::NOT_STARTED];
    step.has_sources
        && step.kind.user_stage().is_some()
        && code.is_some_and(|code| !own.contains(&code))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use werf_config::ImageName;
    use werf_plan::stage::StageKind;

    use super::*;

    fn described(kind: StageKind, has_sources: bool, code: Option<i64>) -> String {
        let mut graph = buildkit_llb::Graph::new();
        let node = graph.exec(buildkit_llb::Exec::new(["x"]).root(None)).root();
        let step = Step {
            node,
            image: ImageName::new("app"),
            kind,
            has_sources,
            tasks: Vec::new(),
            first_task: 0,
        };
        let status = rpc::Status {
            code: report::CODE_UNKNOWN,
            message: "it broke".to_owned(),
            details: code
                .map(|code| prost_types::Any {
                    type_url: "github.com/moby/buildkit/gatewayapi.ExitMessage+json".to_owned(),
                    value: json!({ "Code": code }).to_string().into_bytes(),
                })
                .into_iter()
                .collect(),
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let described = describe(status.clone(), Some(&step), commit);
        assert_eq!(described.details, status.details);
        assert_eq!(describe(status.clone(), None, commit), status);
        described.message
    }

    #[test]
    fn commands_that_fail_with_files_at_hand_get_a_hint() {
        assert_eq!(
            described(StageKind::Install, true, Some(1)),
            "stage `install` of image `app` failed with exit code 1: it broke\n  hint: its commands see the files of \
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
            (StageKind::Setup, true, Some(255)),
            (StageKind::Setup, true, None),
        ] {
            let message = described(kind, has_sources, code);
            assert!(message.starts_with(&format!("stage `{kind}` of image `app` failed")));
            assert!(message.ends_with(": it broke"), "{message}");
        }
    }
}
