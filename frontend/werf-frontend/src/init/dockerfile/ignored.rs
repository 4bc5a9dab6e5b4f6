//! `.dockerignore` as `excludePaths`.

use super::super::Project;

/// Returns the masks of what `.dockerignore` leaves out below `add`, a directory of the project; empty for all of it.
///
/// # Errors
/// A pattern that no mask says.
pub fn masks(project: &Project, add: &str) -> Result<Vec<String>, String> {
    let text = project.text(".dockerignore").unwrap_or_default();
    let mut masks = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('!') {
            return Err(format!(
                "`{line}` of .dockerignore takes files back in, which no mask does"
            ));
        }
        let pattern = line.trim_start_matches("./").trim_matches('/');
        let is_git = pattern == ".git" || pattern.starts_with(".git/");
        if is_git || pattern.is_empty() || pattern == "." {
            continue;
        }
        if add.is_empty() || pattern.starts_with("**/") {
            masks.push(pattern.to_owned());
        } else if let Some(rest) = pattern.strip_prefix(&format!("{add}/")) {
            masks.push(rest.to_owned());
        } else if pattern.contains(['*', '?', '[']) && pattern.contains('/') {
            return Err(format!(
                "whether `{line}` of .dockerignore is about `{add}` is not known"
            ));
        }
    }
    masks.dedup();
    Ok(masks)
}
