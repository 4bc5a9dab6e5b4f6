//! Which task of an ansible stage failed.
//!
//! The only thing that a container says beside its output is its exit code, so ansible's starter in the tool chain
//! puts the index of the task in there.

use buildkit_proto::rpc::Status;
use diagnostic::Location;
use werf_plan::playbook::{FIRST_TASK_FAILED, TOLD_APART};

use crate::lower::Step;

use super::report;

/// A task that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTask {
    index: usize,
    at: Location,
}

/// Returns the task whose index is in the exit code of a step, if it has such a task.
pub fn failed(step: &Step, code: Option<i64>) -> Option<FailedTask> {
    let index = code? - FIRST_TASK_FAILED;
    if !(0..TOLD_APART).contains(&index) {
        return None;
    }
    let index = usize::try_from(index).ok()?;
    // Other codes are the starter's own end: 127 of the loader, 137 of a process that was killed.
    let at = step.tasks.get(index.checked_sub(step.first_task)?)?.clone();
    Some(FailedTask { index, at })
}

impl FailedTask {
    /// Leaves only the lines of the task in the frames of `status`, and returns the message for it.
    pub fn name(&self, status: &mut Status, step: &Step, reason: Option<&str>) -> String {
        let Location { file, start, .. } = &self.at;
        report::keep_range(status, start.line);
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        format!(
            "{file}:{}:{}: task {} of stage `{}` of image `{}` failed{reason}",
            start.line,
            start.column,
            self.index + 1,
            step.kind,
            step.image,
        )
    }
}

#[cfg(test)]
mod tests {
    use diagnostic::Position;
    use werf_config::ImageName;
    use werf_plan::stage::StageKind;

    use super::*;

    /// Returns the number of the task and its line, if a step with this many tasks has one for the code.
    fn found(first_task: usize, tasks: usize, code: i64) -> Option<(usize, usize)> {
        let mut graph = buildkit_llb::Graph::new();
        let at = |line| Location {
            file: "werf.yaml".to_owned(),
            start: Position { line, column: 1 },
            end: Position { line, column: 2 },
            rendered: None,
        };
        let step = Step {
            node: graph.exec(buildkit_llb::Exec::new(["x"]).root(None)).root(),
            image: ImageName::new("app"),
            kind: StageKind::Setup,
            has_sources: false,
            tasks: (1..=tasks).map(at).collect(),
            commands: Vec::new(),
            first_task,
        };
        failed(&step, Some(code)).map(|task| (task.index + 1, task.at.start.line))
    }

    #[test]
    fn the_code_names_a_task_of_the_step() {
        assert_eq!(found(0, 3, 100), Some((1, 1)));
        assert_eq!(found(0, 3, 102), Some((3, 3)));
        assert_eq!(found(0, 200, 249), Some((150, 150)));
        // A layer of its own.
        assert_eq!(found(2, 1, 102), Some((3, 1)));
    }

    #[test]
    fn other_codes_are_none_of_its() {
        for (first_task, tasks, code) in [
            (0, 3, 103),
            (2, 1, 100),
            (0, 1, 127),
            (0, 1, 137),
            (0, 200, 250),
            (0, 3, 2),
        ] {
            assert_eq!(found(first_task, tasks, code), None, "{code}");
        }
    }
}
