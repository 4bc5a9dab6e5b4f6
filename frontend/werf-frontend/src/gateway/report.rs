//! Mistakes and warnings as the client shows them.
//!
//! The client draws a frame from the details of the returned status, as it does for a Dockerfile, so an error travels as a
//! gRPC status whose detail names the file, its text and the lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildkit_proto::frontend::WarnRequest;
use buildkit_proto::pb;
use buildkit_proto::rpc::Status;
use diagnostic::{Diagnostic, Location};
use prost_types::Any;
use serde_json::json;
use werf_plan::file::SourceFile;

/// gRPC's code for an error whose message is shown as it is; other codes are put before the message.
pub const CODE_UNKNOWN: i32 = 2;
/// gRPC's code for a call that the frontend does not know.
pub const CODE_UNIMPLEMENTED: i32 = 12;

/// The exit code of a process that was never started (`gateway/errdefs`).
pub const NOT_STARTED: i64 = 255;

/// A file larger than this is sent with only the lines around the mistake, the others being left empty: a
/// status travels in headers, which are not made for megabytes.
const WHOLE_FILE_BYTES: usize = 64 << 10;

/// How many lines around a range are kept of a large file; the client draws at most 4.
const LINES_AROUND: usize = 8;

/// Turns the mistakes of a build into one status: all messages in the text, a frame for each that has a
/// place.
pub fn status(errors: &[Diagnostic], texts: &[SourceFile]) -> Status {
    let mut message = errors
        .iter()
        .map(Diagnostic::one_line)
        .collect::<Vec<_>>()
        .join("\n");
    if errors.len() > 1 {
        message = format!("{} mistakes:\n{message}", errors.len());
    }
    Status {
        code: CODE_UNKNOWN,
        message,
        // The client prints the innermost detail first, which is the last one here.
        details: errors
            .iter()
            .rev()
            .filter_map(|error| source_detail(error.at.as_ref()?, texts))
            .collect(),
    }
}

/// Returns `status` with a frame for `at`, if the file is at hand.
pub fn status_at(mut status: Status, at: &Location, texts: &[SourceFile]) -> Status {
    status.details.extend(source_detail(at, texts));
    status
}

/// Returns the detail from which the client draws a frame, or `None` for a file that is not at hand.
fn source_detail(at: &Location, texts: &[SourceFile]) -> Option<Any> {
    let file = texts.iter().find(|file| file.name == at.file)?;
    let position = |line: usize, character: usize| json!({ "line": line, "character": character });
    let detail = json!({
        "info": {
            "filename": file.name,
            "data": BASE64.encode(excerpt(&file.text, at)),
            "language": "YAML",
        },
        "ranges": [{
            "start": position(at.start.line, at.start.column.saturating_sub(1)),
            "end": position(at.end.line, at.end.column.saturating_sub(1)),
        }],
    });
    Some(Any {
        type_url: "github.com/moby/buildkit/errdefs.Source+json".to_owned(),
        value: detail.to_string().into_bytes(),
    })
}

/// Returns the digest of the vertex that failed, if the daemon said which.
pub fn failed_vertex(status: &Status) -> Option<String> {
    detail(status, "errdefs.Vertex+json")?
        .get("digest")?
        .as_str()
        .map(str::to_owned)
}

/// Returns the exit code of the process that failed; 255 means that it never started. `None` if no
/// process failed.
pub fn exit_code(status: &Status) -> Option<i64> {
    let message = detail(status, "gatewayapi.ExitMessage+json")?;
    Some(
        message
            .get("Code")
            .and_then(serde_json::Value::as_i64)
            .unwrap_or(0),
    )
}

/// Returns the ids of the mounts of the process that failed, by which a container can see what has become of them.
pub fn failed_mounts(status: &Status) -> Vec<String> {
    let Some(solve) = detail(status, "errdefs.Solve+json") else {
        return Vec::new();
    };
    let ids = ["mountIDs", "mountIds"]
        .iter()
        .find_map(|key| solve.get(*key)?.as_array());
    let ids = ids.into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

fn detail(status: &Status, name: &str) -> Option<serde_json::Value> {
    let detail = status.details.iter().find(|detail| {
        detail
            .type_url
            .strip_suffix(name)
            .is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('/'))
    })?;
    serde_json::from_slice(&detail.value).ok()
}

/// Removes from the frames all ranges but those that begin in `line`, if there is one.
pub fn keep_range(status: &mut Status, line: usize) {
    for detail in &mut status.details {
        if !detail.type_url.ends_with("errdefs.Source+json") {
            continue;
        }
        let Ok(mut frame) = serde_json::from_slice::<serde_json::Value>(&detail.value) else {
            continue;
        };
        let begins = |range: &serde_json::Value| range["start"]["line"] == json!(line);
        if let Some(ranges) = frame["ranges"].as_array_mut()
            && ranges.iter().any(begins)
        {
            ranges.retain(begins);
            detail.value = frame.to_string().into_bytes();
        }
    }
}

/// Returns the text of a file for a warning or a definition.
pub fn source_info(file: &SourceFile) -> pb::SourceInfo {
    pb::SourceInfo {
        filename: file.name.clone(),
        data: file.text.clone().into_bytes(),
        language: "YAML".to_owned(),
        ..pb::SourceInfo::default()
    }
}

/// Returns the range of a location in BuildKit's terms: lines from 1, characters from 0.
pub fn range(at: &Location) -> pb::Range {
    let position = |line: usize, column: usize| pb::Position {
        line: i32::try_from(line).unwrap_or(i32::MAX),
        character: i32::try_from(column.saturating_sub(1)).unwrap_or(i32::MAX),
    };
    pb::Range {
        start: Some(position(at.start.line, at.start.column)),
        end: Some(position(at.end.line, at.end.column)),
    }
}

/// Returns `warning` as it is shown on the vertex with digest `vertex`.
pub fn warning(vertex: &str, warning: &Diagnostic, texts: &[SourceFile]) -> WarnRequest {
    let file = warning
        .at
        .as_ref()
        .and_then(|at| texts.iter().find(|file| file.name == at.file));
    let mut short = warning.headline();
    if let Some(at) = &warning.at {
        // The client draws the lines only with `--debug`.
        short.push_str(&format!(" ({}:{})", at.file, at.start.line));
    }
    let detail = warning
        .hint
        .iter()
        .chain(&warning.notes)
        .map(|line| line.clone().into_bytes())
        .collect();
    WarnRequest {
        digest: vertex.to_owned(),
        level: 1,
        short: short.into_bytes(),
        detail,
        url: warning.url(),
        info: file.map(source_info),
        ranges: warning
            .at
            .as_ref()
            .filter(|_| file.is_some())
            .map(range)
            .into_iter()
            .collect(),
    }
}

/// Returns the text with lines far from `at` emptied if it is large, so that line numbers stay right.
fn excerpt(text: &str, at: &Location) -> String {
    if text.len() <= WHOLE_FILE_BYTES {
        return text.to_owned();
    }
    let kept =
        at.start.line.saturating_sub(LINES_AROUND)..=at.end.line.saturating_add(LINES_AROUND);
    let mut short = String::new();
    for (index, line) in text.lines().enumerate() {
        if index >= *kept.end() {
            break;
        }
        if kept.contains(&(index + 1)) {
            short.extend(line.chars().take(400));
        }
        short.push('\n');
    }
    short
}
