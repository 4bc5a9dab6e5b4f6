//! Which task of an ansible stage failed.
//!
//! The only thing that a container says beside its output is its exit code, so ansible's starter in the tool chain
//! puts the index of the task in there.

use buildkit_proto::rpc::Status;

use crate::error::Location;
use crate::lower::Step;
use crate::plan::playbook::{FIRST_TASK_FAILED, TOLD_APART};

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
    let at = match step.tasks.as_slice() {
        // A layer of its own, whose task still has its place in the stage.
        [one] => one.clone(),
        tasks => tasks.get(index)?.clone(),
    };
    Some(FailedTask { index, at })
}

impl FailedTask {
    /// Puts the task before the daemon's message, and leaves only its lines in the frames.
    pub fn name(&self, status: &mut Status, step: &Step) {
        let Location { file, start, .. } = &self.at;
        status.message = format!(
            "{file}:{}:{}: task {} of stage `{}` of image `{}` failed: {}",
            start.line,
            start.column,
            self.index + 1,
            step.kind,
            step.image,
            status.message
        );
        report::keep_range(status, start.line);
    }
}
