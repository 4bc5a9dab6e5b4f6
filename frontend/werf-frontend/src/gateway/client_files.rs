//! Files of the client's working directory that PLAN reads: those that rules of the configuration take although they are
//! not committed, and in development mode all of them.

use buildkit_llb::{LocalSource, Source};
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::agreed::{DEV_ARGUMENT, is_on};
use werf_plan::file::{FilesOf, FilesRequest};

use super::bridge::Daemon;
use super::request::Request;

/// The capability of daemons that can be sent metadata alone.
const METADATA: &str = "source.local.metadatatransfer";

/// Parts of `.git` that nobody reads: the objects are sent with the repository.
const GIT_UNREAD: [&str; 11] = [
    ".git/annex",
    ".git/hooks",
    ".git/lfs",
    ".git/logs",
    ".git/objects",
    ".git/refs",
    ".git/rr-cache",
    ".git/worktrees",
    ".git/modules/**/logs",
    ".git/modules/**/objects",
    ".git/modules/**/refs",
];

/// What says which files count.
const LISTS: [&str; 7] = [
    ".git/index",
    ".git/sharedindex.*",
    ".git/info/exclude",
    ".git/modules/**/index",
    ".git/modules/**/info/exclude",
    "**/.gitignore",
    "**/.gitmodules",
];

/// What PLAN is given of the client's working directory besides `.git` and the configuration.
#[derive(Clone, Debug, Default)]
pub struct ClientInputs {
    /// What rules of the configuration take.
    pub of_rules: Option<FilesRequest>,
    /// The contents that PLAN needs of a working directory that is built.
    pub contents: Option<FilesRequest>,
    /// Whether the daemon can be sent metadata alone.
    takes_metadata: bool,
    /// Whether the working directory is looked at, though it is not what is built.
    is_looking: bool,
}

/// Files as PLAN sees them.
pub(super) struct Mounted {
    /// Where they are in its container.
    pub directory: &'static str,
    /// Where they come from.
    pub source: LocalSource,
    /// The name of the flag that says where they are.
    pub flag: &'static str,
}

/// Whether the working directory is built, and not the commit.
pub(super) fn is_dev(request: &Request) -> bool {
    let value = request.build_args.get(DEV_ARGUMENT);
    value.is_some_and(|value| is_on(value)) && request.context_elsewhere().is_none()
}

impl ClientInputs {
    /// Returns those that nobody has asked for yet.
    pub fn of(daemon: &Daemon) -> ClientInputs {
        ClientInputs {
            takes_metadata: daemon.can(METADATA),
            ..ClientInputs::default()
        }
    }

    /// Returns those of whoever looks for uncommitted changes.
    pub(super) fn looking(self) -> ClientInputs {
        ClientInputs {
            is_looking: true,
            ..self
        }
    }

    /// Whether the client sends metadata alone of files that are looked at. BuildKit has the times of none in a key.
    pub(super) fn takes_metadata(&self) -> bool {
        self.takes_metadata
    }

    /// Adds what PLAN asks for, if it has not been asked for before.
    pub fn add(&mut self, wanted: &FilesRequest) -> bool {
        let place = match wanted.of {
            FilesOf::Rules => &mut self.of_rules,
            FilesOf::WorkTree => &mut self.contents,
        };
        let is_new = place.is_none();
        *place = Some(wanted.clone());
        is_new
    }

    /// Returns the files of `request`'s client.
    pub(super) fn mounted(&self, request: &Request) -> Vec<Mounted> {
        let mut mounted = Vec::new();
        if request.context_elsewhere().is_some() {
            return mounted;
        }
        let local = || {
            Source::local(&request.context_name).session(request.session_of(&request.context_name))
        };
        if let Some(wanted) = &self.of_rules {
            mounted.push(Mounted {
                directory: "/client",
                source: local()
                    .include_patterns(&wanted.include)
                    .exclude_patterns(&wanted.exclude)
                    .shared_key_hint("werf-client-files")
                    .name("[internal] load uncommitted files that are allowed"),
                flag: flag::CLIENT_FILES,
            });
        }
        if !self.is_looking && !is_dev(request) {
            return mounted;
        }
        // BuildKit keeps what a client has sent under the hint, and removes of it what the next build with that hint does not ask
        // for. So those who ask for different files have different ones: a build in development mode would otherwise have all files
        // sent that the look of the build before it has removed.
        let (what, user) = if self.is_looking {
            ("uncommitted changes", "uncommitted")
        } else {
            ("development mode", "dev")
        };
        // Without metadata only files of the configuration are compared, which are asked for by name.
        let lists = if self.is_looking { &LISTS[..1] } else { &LISTS };
        let first = if self.takes_metadata {
            local()
                .exclude_patterns(GIT_UNREAD)
                .metadata_only(LISTS)
                .shared_key_hint("werf-work-tree")
        } else {
            local()
                .include_patterns(lists)
                .exclude_patterns(GIT_UNREAD)
                .shared_key_hint(&format!("werf-work-tree-lists-{user}"))
        };
        mounted.push(Mounted {
            directory: "/work-tree",
            source: first.name(format!("[internal] {what}: look at the working directory")),
            flag: flag::WORK_TREE,
        });
        if let Some(wanted) = &self.contents {
            let exclude = wanted.exclude.iter().map(String::as_str);
            mounted.push(Mounted {
                directory: "/work-tree-contents",
                source: local()
                    .include_patterns(&wanted.include)
                    .exclude_patterns([".git"].into_iter().chain(exclude))
                    .shared_key_hint(&format!("werf-work-tree-contents-{user}"))
                    .name(format!(
                        "[internal] {what}: load files of the working directory"
                    )),
                flag: flag::WORK_TREE_CONTENTS,
            });
        }
        mounted
    }
}

/// Returns what PLAN is told of there being no client, if there is none.
pub(super) fn without_client(request: &Request) -> Option<(&'static str, String)> {
    let why = format!("the build context is {}", request.context_elsewhere()?);
    Some((flag::NO_CLIENT_FILES, why))
}

#[cfg(test)]
mod tests {
    use buildkit_llb::Graph;

    use super::*;

    #[test]
    fn whoever_asks_for_other_files_does_so_under_another_hint() {
        let wanted = |include: &str| FilesRequest {
            of: FilesOf::WorkTree,
            include: vec![include.to_owned()],
            exclude: Vec::new(),
        };
        let dev = [("build-arg:WERF_DEV".to_owned(), "1".to_owned())];
        let request = Request::from_options(dev.into()).expect("options");
        let hints = |client: ClientInputs, include: &str| -> Vec<String> {
            let mut client = client;
            client.add(&wanted(include));
            let sources = client.mounted(&request).into_iter();
            let texts = sources.map(|mounted| {
                let mut graph = Graph::new();
                let node = graph.source(mounted.source);
                graph.text(node)
            });
            let hint = |text: &str| {
                text.split("local.sharedkeyhint = ")
                    .nth(1)
                    .map(str::to_owned)
            };
            texts.filter_map(|text| hint(&text)).collect()
        };
        let building = hints(ClientInputs::default(), "**");
        let looking = hints(ClientInputs::default().looking(), "werf.yaml");
        assert_eq!((building.len(), looking.len()), (2, 2));
        assert!(
            building.iter().all(|hint| !looking.contains(hint)),
            "{building:?} {looking:?}"
        );
    }
}
