//! The repositories of mappings with `url`, read off the configuration before PLAN: then they are there for the first PLAN, and a
//! build has one of it in place of two.
//!
//! Only PLAN knows what a commit says. But the configuration of the client is the commit's, byte for byte, and BuildKit has it already, since
//! it has looked for the syntax line. So it is read here in the same way, as far as that can be done without the repository. It is
//! a guess and nothing else: PLAN takes what it needs of it, and asks for what it lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildkit_llb::{Graph, Node};
use diagnostic::SourceText;
use masks::mask::Mask;
use werf_config::giterminism::Giterminism;
use werf_config::template::{self, CommitData, FileKind, Files, Inputs};
use werf_plan::agreed::DEFAULT_NAMES;
use werf_plan::file::RemoteRequest;
use werf_plan::remote::requests;

use super::bridge::{Bridge, CallError};
use super::failure::Failure;
use super::remote::Abilities;
use super::request::Request;
use super::{git_sources, plan_graph};

/// The key without which no repository is named.
const URL: &[u8] = b"url";

/// Returns the repositories that PLAN will ask for, as far as the configuration says so by itself.
///
/// # Errors
/// A daemon that is gone. Whatever else cannot be read is left to PLAN.
pub(super) async fn repositories(
    bridge: &mut Bridge,
    request: &Request,
    abilities: Abilities,
) -> Result<Vec<RemoteRequest>, Failure> {
    match configuration(bridge, request, abilities).await {
        Ok(Some(text)) => Ok(named_in(text, &request.build_args)),
        Ok(None) | Err(CallError::Status(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Returns the text of the configuration, if it is where the client says.
async fn configuration(
    bridge: &mut Bridge,
    request: &Request,
    abilities: Abilities,
) -> Result<Option<Vec<u8>>, CallError> {
    let mut graph = Graph::new();
    let Some((files, directory)) = files(&mut graph, request, abilities) else {
        return Ok(None);
    };
    let reference = bridge.solve(graph.definition(files)).await?;
    let names = match &request.filename {
        Some(name) => vec![name.as_str()],
        None => DEFAULT_NAMES.to_vec(),
    };
    for name in names {
        let path = format!("{directory}/{name}");
        match bridge.read_file(&reference, path.trim_matches('/')).await {
            Ok(text) => return Ok(Some(text)),
            Err(CallError::Status(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Adds what the configuration is in, and returns it with the directory there. These are operations of PLAN.
fn files<'r>(
    graph: &mut Graph,
    request: &'r Request,
    abilities: Abilities,
) -> Option<(Node, &'r str)> {
    if let Some(context) = request.config_in_git() {
        let node = graph.source(context.checkout(abilities));
        return Some((node, &context.directory));
    }
    let given = if request.config_is_in_context() {
        &request.context_files
    } else {
        &request.config_files
    };
    let node = match given {
        Some(files) => git_sources::imported(graph, files).ok()?,
        None => graph.source(plan_graph::config_of_client(request)),
    };
    Some((node, ""))
}

/// Returns the repositories that a configuration names. There are none if it cannot be rendered without the repository.
fn named_in(text: Vec<u8>, variables: &BTreeMap<String, String>) -> Vec<RemoteRequest> {
    if !text.windows(URL.len()).any(|part| part == URL) {
        return Vec::new();
    }
    let is_template = template::is_template(&text);
    // No message names the file, since nothing is said here.
    let Ok(mut text) = SourceText::new(DEFAULT_NAMES[0], text) else {
        return Vec::new();
    };
    if is_template {
        let inputs = Inputs {
            files: Arc::new(NoFiles),
            commit: CommitData::default(),
            variables: variables.clone(),
            giterminism: Giterminism::default().loose(true),
        };
        match template::render(text, Vec::new(), &inputs).result {
            Ok(rendered) => text = rendered,
            Err(_) => return Vec::new(),
        }
    }
    match werf_config::load(&text) {
        Ok(loaded) => requests(&loaded.config),
        Err(_) => Vec::new(),
    }
}

/// The files of a commit that is not at hand: whoever asks for one cannot be rendered.
struct NoFiles;

impl NoFiles {
    fn refuse<T>() -> Result<T, String> {
        Err("the commit is not at hand".to_owned())
    }
}

impl Files for NoFiles {
    fn kind(&self, _: &str) -> Result<Option<FileKind>, String> {
        NoFiles::refuse()
    }

    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        NoFiles::refuse()
    }

    fn glob(&self, _: &Mask) -> Result<Vec<String>, String> {
        NoFiles::refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\n";

    fn named(rest: &str) -> Vec<String> {
        let variables = BTreeMap::from([("TAG".to_owned(), "v2".to_owned())]);
        named_in(format!("{HEAD}{rest}").into_bytes(), &variables)
            .into_iter()
            .map(|request| format!("{} {}", request.url, request.reference))
            .collect()
    }

    const LIB: &str = "https://host/team/lib.git";

    #[test]
    fn what_the_text_names_is_foreseen() {
        assert_eq!(
            named(&format!(
                "git:\n- {{url: '{LIB}', tag: v1, to: /a}}\n- {{url: '{LIB}', tag: v1, to: /b}}\n- {{url: '{LIB}', branch: main, to: /c}}\n"
            )),
            [
                format!("{LIB} refs/tags/v1"),
                format!("{LIB} refs/heads/main")
            ]
        );
    }

    #[test]
    fn a_template_is_rendered_if_it_needs_nothing_of_the_commit() {
        let entry = |tag: &str| named(&format!("git: [{{url: '{LIB}', tag: {tag}, to: /a}}]\n"));
        assert_eq!(entry(r#"{{ env "TAG" }}"#), [format!("{LIB} refs/tags/v2")]);
        for needs_more in [
            r#"{{ .Files.Get "tag" }}"#,
            r#"{{ if .Files.Exists "x" }}v1{{ else }}v2{{ end }}"#,
            r#"{{ range $path, $text := .Files.Glob "*" }}v1{{ end }}"#,
            r#"{{ include "lib" . }}"#,
        ] {
            assert!(entry(needs_more).is_empty(), "{needs_more}");
        }
    }

    #[test]
    fn what_is_no_configuration_names_nothing() {
        assert!(named("git: [{url: x, to: /a}]\n").is_empty());
        assert!(named("shell: {install: curl}\n").is_empty());
        assert!(named_in(b"url: \xff".to_vec(), &BTreeMap::new()).is_empty());
        assert!(named_in(b"FROM scratch\n# url\n".to_vec(), &BTreeMap::new()).is_empty());
    }
}
