//! The cases, a function for each table of werf's tests.

use super::project::{META, Outcome, Project};

/// One state of a repository and what werf makes of it.
pub struct Case {
    pub name: String,
    /// Whether werf goes on.
    pub allowed: bool,
    /// What is in the rendered configuration when it does.
    pub shows: Vec<&'static str>,
    command: &'static [&'static str],
    project: Project,
}

impl Case {
    /// Runs the command of the case.
    pub fn run(&self) -> Outcome {
        self.project.run(self.command)
    }
}

const RENDER: &[&str] = &["render"];
const PLAN: &[&str] = &["plan"];

/// Collects cases of one table.
struct Table {
    name: &'static str,
    command: &'static [&'static str],
    cases: Vec<Case>,
}

impl Table {
    fn new(name: &'static str, command: &'static [&'static str]) -> Self {
        Self {
            name,
            command,
            cases: Vec::new(),
        }
    }

    fn case(&mut self, name: &str, allowed: bool, project: Project) -> &mut Self {
        self.cases.push(Case {
            name: format!("{}: {name}", self.name),
            allowed,
            shows: Vec::new(),
            command: self.command,
            project,
        });
        self
    }

    fn shows(&mut self, parts: &[&'static str]) {
        if let Some(case) = self.cases.last_mut() {
            case.shows = parts.to_vec();
        }
    }
}

/// Makes a project and does something to it.
fn with(mut project: Project, change: impl FnOnce(&mut Project)) -> Project {
    change(&mut project);
    project
}

/// All cases in the order of the tables.
pub fn all() -> Vec<Case> {
    let tables = [
        rules(),
        configuration("", "werf.yaml"),
        configuration("dir/project/", "werf.yaml of a project in a directory"),
        linked_configuration("", "linked werf.yaml"),
        linked_configuration(
            "dir/project/",
            "linked werf.yaml of a project in a directory",
        ),
        configuration_above(),
        templates(),
        directives(),
        paths_of_mounts(),
        context_add_files(),
        dockerfiles(),
        linked_dockerfiles(),
        dockerignore(),
        files_get(),
        files_glob(),
        environment(),
    ];
    tables.into_iter().flat_map(|table| table.cases).collect()
}

fn rules() -> Table {
    let project = || {
        with(Project::empty(""), |p| {
            p.committed("werf.yaml", META);
        })
    };
    let text = "giterminismConfigVersion: \"1\"";
    let mut table = Table::new("werf-giterminism.yaml", RENDER);
    table
        .case("is not there", true, project())
        .case(
            "is not committed",
            false,
            with(project(), |p| {
                p.file("werf-giterminism.yaml", text);
            }),
        )
        .case(
            "is committed",
            true,
            with(project(), |p| {
                p.committed("werf-giterminism.yaml", text);
            }),
        )
        .case(
            "is committed and changed",
            false,
            with(project(), |p| {
                p.committed("werf-giterminism.yaml", text)
                    .changed("werf-giterminism.yaml");
            }),
        );
    table
}

const UNCOMMITTED: &str = "  allowUncommitted: true";

fn configuration(below: &'static str, name: &'static str) -> Table {
    let project = |change: fn(&mut Project)| with(Project::ruled(below), change);
    let mut table = Table::new(name, RENDER);
    table
        .case("is not there", false, project(|_| ()))
        .case(
            "is not committed",
            false,
            project(|p| {
                p.file("werf.yaml", META);
            }),
        )
        .case(
            "is committed",
            true,
            project(|p| {
                p.committed("werf.yaml", META);
            }),
        )
        .case(
            "is committed and changed",
            false,
            project(|p| {
                p.committed("werf.yaml", META).changed("werf.yaml");
            }),
        )
        .case(
            "is not committed, which is allowed",
            true,
            project(|p| {
                p.allow(UNCOMMITTED).file("werf.yaml", META);
            }),
        )
        .case(
            "is committed, need not be",
            true,
            project(|p| {
                p.allow(UNCOMMITTED).committed("werf.yaml", META);
            }),
        );
    table
}

fn linked_configuration(below: &'static str, name: &'static str) -> Table {
    let project = |change: fn(&mut Project)| with(Project::ruled(below), change);
    let mut table = Table::new(name, RENDER);
    table
        .case(
            "-> a -> dir/werf.yaml",
            true,
            project(|p| {
                p.committed("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "a")
                    .committed_link("a", "dir/werf.yaml");
            }),
        )
        .case(
            "-> a -> dir/werf.yaml, which is not committed",
            false,
            project(|p| {
                p.file("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "a")
                    .committed_link("a", "dir/werf.yaml");
            }),
        )
        .case(
            "-> a -> dir/werf.yaml, both links not committed",
            false,
            project(|p| {
                p.committed("dir/werf.yaml", META)
                    .link("werf.yaml", "a")
                    .link("a", "dir/werf.yaml");
            }),
        )
        .case(
            "-> a (not committed) -> dir/werf.yaml",
            false,
            project(|p| {
                p.committed("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "a")
                    .link("a", "dir/werf.yaml");
            }),
        )
        .case(
            "-> a -> dir/werf.yaml, then leads to dir/werf.yaml itself",
            false,
            project(|p| {
                p.committed("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "a")
                    .committed_link("a", "dir/werf.yaml")
                    .link("werf.yaml", "dir/werf.yaml");
            }),
        )
        .case(
            "-> dir/werf.yaml, which is not committed, which is allowed",
            true,
            project(|p| {
                p.allow(UNCOMMITTED)
                    .file("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "dir/werf.yaml");
            }),
        )
        .case(
            "-> dir/werf.yaml, need not be committed",
            true,
            project(|p| {
                p.allow(UNCOMMITTED)
                    .committed("dir/werf.yaml", META)
                    .committed_link("werf.yaml", "dir/werf.yaml");
            }),
        )
        .case(
            "-> werf.yaml, not committed, which is allowed",
            false,
            project(|p| {
                p.allow(UNCOMMITTED).link("werf.yaml", "werf.yaml");
            }),
        )
        .case(
            "-> werf.yaml",
            false,
            project(|p| {
                p.committed_link("werf.yaml", "werf.yaml");
            }),
        )
        .case(
            "-> a -> out of the repository",
            false,
            project(|p| {
                p.committed_link("werf.yaml", "a")
                    .committed_link("a", "../../../werf.yaml");
            }),
        );
    table
}

fn configuration_above() -> Table {
    let mut table = Table::new("werf.yaml of a project in a directory", RENDER);
    table
        .case(
            "-> that of the repository",
            true,
            with(Project::ruled("dir/project/"), |p| {
                p.allow("  allowUncommitted: false")
                    .committed("../../werf.yaml", META)
                    .committed_link("werf.yaml", "../../werf.yaml");
            }),
        )
        .case(
            "-> that of the repository, both not committed, which is allowed",
            true,
            with(Project::ruled("dir/project/"), |p| {
                p.allow(UNCOMMITTED)
                    .file("../../werf.yaml", META)
                    .link("werf.yaml", "../../werf.yaml");
            }),
        );
    table
}

fn templates() -> Table {
    const ONE: &str = ".werf/templates/1.tmpl";
    const TWO: &str = ".werf/templates/2.tmpl";
    let reads_one = "{{ include \"templates/1.tmpl\" . }}";
    let reads_both = "{{ include \"templates/1.tmpl\" . }}{{ include \"templates/2.tmpl\" . }}";
    let mut table = Table::new("templates", RENDER);
    let one = |change: &dyn Fn(&mut Project)| with(Project::with_images(reads_one), |p| change(p));
    let both =
        |change: &dyn Fn(&mut Project)| with(Project::with_images(reads_both), |p| change(p));
    let named = "  allowUncommittedTemplates: [.werf/templates/1.tmpl]";
    let masked = "  allowUncommittedTemplates: [\".werf/**/*.tmpl\"]";
    table
        .case(
            "one is not committed",
            false,
            one(&|p| {
                p.file(ONE, "# one\n");
            }),
        )
        .case(
            "one is committed",
            true,
            one(&|p| {
                p.committed(ONE, "# one\n");
            }),
        )
        .shows(&["# one"]);
    table.case(
        "one is committed and changed",
        false,
        one(&|p| {
            p.committed(ONE, "# one\n").changed(ONE);
        }),
    );
    table
        .case(
            "one is not committed, which is allowed",
            true,
            one(&|p| {
                p.allow(named).file(ONE, "# one\n");
            }),
        )
        .shows(&["# one"]);
    table
        .case(
            "one is committed, need not be",
            true,
            one(&|p| {
                p.allow(named).committed(ONE, "# one\n");
            }),
        )
        .shows(&["# one"]);
    table.case(
        "one is allowed, another is not committed",
        false,
        both(&|p| {
            p.allow(named)
                .committed(ONE, "# one\n")
                .file(TWO, "# two\n");
        }),
    );
    table
        .case(
            "all need not be committed",
            true,
            both(&|p| {
                p.allow(masked).file(ONE, "# one\n").file(TWO, "# two\n");
            }),
        )
        .shows(&["# one", "# two"]);
    table
}

/// Directives of stapel images that a rule has to allow.
fn directives() -> Table {
    let mut table = Table::new("directive", PLAN);
    let image = "image: test\nfrom: alpine\n";
    for (name, lines, rule) in [
        (
            "fromLatest",
            "fromLatest: true\n",
            "  stapel:\n    allowFromLatest: true",
        ),
        (
            "git.branch",
            "git:\n- url: https://example.org/werf.git\n  branch: test\n  to: /app\n",
            "  stapel:\n    git:\n      allowBranch: true",
        ),
        (
            "mount from build_dir",
            "mount:\n- from: build_dir\n  to: /test\n",
            "  stapel:\n    mount:\n      allowBuildDir: true",
        ),
    ] {
        let project = || Project::with_images(&format!("{image}{lines}"));
        table.case(&format!("{name} without a rule"), false, project());
        table.case(
            &format!("{name} with its rule"),
            true,
            with(project(), |p| {
                p.allow(rule);
            }),
        );
    }
    table
}

fn paths_of_mounts() -> Table {
    let mut table = Table::new("mount fromPath /a/b/c", PLAN);
    let text = "image: test\nfrom: alpine\nmount:\n- fromPath: /a/b/c\n  to: /test\n";
    let rule = |mask: &str| format!("  stapel:\n    mount:\n      allowFromPaths: [\"{mask}\"]");
    table
        .case("without a rule", false, Project::with_images(text))
        .case(
            "with the rule /a/b/c",
            true,
            with(Project::with_images(text), |p| {
                p.allow(&rule("/a/b/c"));
            }),
        )
        .case(
            "with the rule **/*",
            true,
            with(Project::with_images(text), |p| {
                p.allow(&rule("**/*"));
            }),
        );
    table
}

/// The configuration of an image that is built by a Dockerfile of `context`.
fn by_dockerfile(context: &str, more: &str) -> String {
    format!("image: test\ndockerfile: Dockerfile\ncontext: {context}\n{more}")
}

fn context_add_files() -> Table {
    let mut table = Table::new("contextAddFiles a/b/c", PLAN);
    for (name, context, mask, allowed) in [
        ("without a rule", "", "", false),
        ("with the rule a/b/c", "", "a/b/c", true),
        ("with the rule **/*", "", "**/*", true),
        ("of the context d with the rule a/b/c", "d", "a/b/c", false),
        (
            "of the context d with the rule d/a/b/c",
            "d",
            "d/a/b/c",
            true,
        ),
    ] {
        let text = by_dockerfile(context, "contextAddFiles: [a/b/c]\n");
        let mut project = Project::with_images(&text);
        let dockerfile = state(name, allowed).context(context).path("Dockerfile");
        project.committed(&dockerfile, FROM);
        if !mask.is_empty() {
            project.allow(&format!(
                "  dockerfile:\n    allowContextAddFiles: [\"{mask}\"]"
            ));
        }
        table.case(name, allowed, project);
    }
    table
}

const FROM: &str = "FROM alpine\n";

/// What is done to a file, and the rule that there is for it.
struct State {
    name: &'static str,
    allowed: bool,
    context: &'static str,
    mask: &'static str,
    committed: bool,
    changed: bool,
}

const fn state(name: &'static str, allowed: bool) -> State {
    State {
        name,
        allowed,
        context: "",
        mask: "",
        committed: false,
        changed: false,
    }
}

impl State {
    const fn context(self, context: &'static str) -> Self {
        Self { context, ..self }
    }

    const fn mask(self, mask: &'static str) -> Self {
        Self { mask, ..self }
    }

    const fn committed(self) -> Self {
        Self {
            committed: true,
            ..self
        }
    }

    const fn changed(self) -> Self {
        Self {
            changed: true,
            ..self
        }
    }

    /// Writes the file, and has a rule with `key` allow what the mask names.
    fn make(&self, project: &mut Project, key: &str, path: &str, text: &str) {
        if !self.mask.is_empty() {
            project.allow(&format!("  dockerfile:\n    {key}: [\"{}\"]", self.mask));
        }
        if self.committed {
            project.committed(path, text);
        } else {
            project.file(path, text);
        }
        if self.changed {
            project.changed(path);
        }
    }

    /// The path of a file in the context.
    fn path(&self, name: &str) -> String {
        match self.context {
            "" => name.to_owned(),
            context => format!("{context}/{name}"),
        }
    }
}

fn dockerfiles() -> Table {
    let mut table = Table::new("Dockerfile", PLAN);
    table.case(
        "is not there",
        false,
        Project::with_images(&by_dockerfile("", "")),
    );
    for state in [
        state("is not committed", false),
        state("is committed", true).committed(),
        state("is committed and changed", false)
            .committed()
            .changed(),
        state("is not committed, rule Dockerfile", true).mask("Dockerfile"),
        state("is committed, rule Dockerfile", true)
            .mask("Dockerfile")
            .committed(),
        state("is not committed, rule *", true).mask("*"),
        state("is not committed, rule docker*", false).mask("docker*"),
        state("of a context is not committed, rule Dockerfile", false)
            .context("context")
            .mask("Dockerfile"),
        state(
            "of a context is not committed, rule context/Dockerfile",
            true,
        )
        .context("context")
        .mask("context/Dockerfile"),
    ] {
        let mut project = Project::with_images(&by_dockerfile(state.context, ""));
        project.committed(&state.path("keep"), "");
        state.make(
            &mut project,
            "allowUncommitted",
            &state.path("Dockerfile"),
            FROM,
        );
        table.case(state.name, state.allowed, project);
    }
    table
}

fn linked_dockerfiles() -> Table {
    let mut table = Table::new("linked Dockerfile", PLAN);
    let project = |masks: &str, change: fn(&mut Project)| {
        let mut project = Project::with_images("image: test\ndockerfile: Dockerfile\n");
        if !masks.is_empty() {
            project.allow(&format!("  dockerfile:\n    allowUncommitted: [{masks}]"));
        }
        with(project, change)
    };
    let links: fn(&mut Project) = |p| {
        p.file("dir/Dockerfile", FROM)
            .link("Dockerfile", "a")
            .link("a", "dir/Dockerfile");
    };
    table
        .case(
            "-> a -> dir/Dockerfile",
            true,
            project("", |p| {
                p.committed("dir/Dockerfile", FROM)
                    .committed_link("Dockerfile", "a")
                    .committed_link("a", "dir/Dockerfile");
            }),
        )
        .case(
            "-> a -> dir/Dockerfile, which is not committed",
            false,
            project("", |p| {
                p.file("dir/Dockerfile", FROM)
                    .committed_link("Dockerfile", "a")
                    .committed_link("a", "dir/Dockerfile");
            }),
        )
        .case(
            "-> a -> dir/Dockerfile, then leads to dir/Dockerfile itself",
            false,
            project("", |p| {
                p.committed("dir/Dockerfile", FROM)
                    .committed_link("Dockerfile", "a")
                    .committed_link("a", "dir/Dockerfile")
                    .link("Dockerfile", "dir/Dockerfile");
            }),
        )
        .case(
            "-> a -> dir/Dockerfile, none committed, rule Dockerfile",
            false,
            project("Dockerfile", links),
        )
        .case(
            "-> a -> dir/Dockerfile, none committed, rules Dockerfile and a",
            false,
            project("Dockerfile, a", links),
        )
        .case(
            "-> a -> dir/Dockerfile, none committed, rules for all three",
            true,
            project("Dockerfile, a, dir/Dockerfile", links),
        );
    table
}

fn dockerignore() -> Table {
    let mut table = Table::new(".dockerignore", PLAN);
    let project = |context: &'static str| {
        let project = Project::with_images(&by_dockerfile(context, ""));
        project.committed(&state("", true).context(context).path("Dockerfile"), FROM);
        project
    };
    table.case("is not there", true, project(""));
    for state in [
        state("is not committed", false),
        state("is committed", true).committed(),
        state("is committed and changed", false)
            .committed()
            .changed(),
        state("is not committed, rule .dockerignore", true).mask(".dockerignore"),
        state("is committed, rule .dockerignore", true)
            .mask(".dockerignore")
            .committed(),
        state("is not committed, rule *", true).mask("*"),
        state("is not committed, rule docker*", false).mask("docker*"),
        state("of a context is not committed, rule .dockerignore", false)
            .context("context")
            .mask(".dockerignore"),
        state(
            "of a context is not committed, rule context/.dockerignore",
            true,
        )
        .context("context")
        .mask("context/.dockerignore"),
    ] {
        let mut project = project(state.context);
        let path = state.path(".dockerignore");
        state.make(
            &mut project,
            "allowUncommittedDockerignoreFiles",
            &path,
            "**/*\n",
        );
        table.case(state.name, state.allowed, project);
    }
    table
}

/// A rule for files that templates read.
fn read_by_templates(mask: &str) -> String {
    format!("  goTemplateRendering:\n    allowUncommittedFiles: [\"{mask}\"]")
}

fn files_get() -> Table {
    let mut table = Table::new(".Files.Get", RENDER);
    let project = |change: fn(&mut Project)| {
        with(
            Project::with_images("{{ .Files.Get \".werf/file\" }}"),
            change,
        )
    };
    table
        .case("of a file that is not there", false, project(|_| ()))
        .case(
            "of a file that is not committed",
            false,
            project(|p| {
                p.file(".werf/file", "# file");
            }),
        )
        .case(
            "of a committed file",
            true,
            project(|p| {
                p.committed(".werf/file", "# file");
            }),
        )
        .shows(&["# file"]);
    table
        .case(
            "of a file that is not committed, which is allowed",
            true,
            project(|p| {
                p.allow(&read_by_templates(".werf/file"))
                    .file(".werf/file", "# file");
            }),
        )
        .shows(&["# file"]);
    table
        .case(
            "of a committed file that need not be",
            true,
            project(|p| {
                p.allow(&read_by_templates(".werf/file"))
                    .committed(".werf/file", "# file");
            }),
        )
        .shows(&["# file"]);
    table.case(
        "of a committed file that is changed",
        false,
        project(|p| {
            p.committed(".werf/file", "# file").changed(".werf/file");
        }),
    );
    table
}

fn files_glob() -> Table {
    let mut table = Table::new(".Files.Glob", RENDER);
    let project = |mask: &str, change: fn(&mut Project)| {
        let text = format!(
            "{{{{ range $path, $content := .Files.Glob \"{mask}\" }}}}\n{{{{ $content }}}}\n{{{{ end }}}}\n"
        );
        with(Project::with_images(&text), change)
    };
    let three: fn(&mut Project) = |p| {
        for name in ["file1", "file2", "file3"] {
            p.file(&format!(".werf/{name}"), &format!("# {name}"));
        }
    };
    table
        .case("of nothing", true, Project::with_images(""))
        .case(
            "of a file that is not committed",
            false,
            project(".werf/file1", |p| {
                p.file(".werf/file1", "# file1");
            }),
        )
        .case(
            "of files that are not committed",
            false,
            project(".werf/*", three),
        )
        .case(
            "of a committed file",
            true,
            project(".werf/file1", |p| {
                p.committed(".werf/file1", "# file1");
            }),
        )
        .shows(&["# file1"]);
    table
        .case(
            "of a committed file that is changed",
            false,
            project(".werf/file1", |p| {
                p.committed(".werf/file1", "# file1").changed(".werf/file1");
            }),
        )
        .case(
            "of a file that is not committed, which is allowed",
            true,
            project(".werf/file1", |p| {
                p.allow(&read_by_templates(".werf/file1"))
                    .file(".werf/file1", "# file1");
            }),
        )
        .shows(&["# file1"]);
    table
        .case(
            "of a changed file that need not be committed",
            true,
            project(".werf/file1", |p| {
                p.allow(&read_by_templates(".werf/file1"))
                    .file(".werf/file1", "# file1")
                    .changed(".werf/file1");
            }),
        )
        .shows(&["# file1"]);
    let mut all = project(".werf/*", three);
    all.allow(&read_by_templates("**/*"));
    table
        .case("of files that need not be committed", true, all)
        .shows(&["# file1", "# file2", "# file3"]);
    table
}

fn environment() -> Table {
    let mut table = Table::new("env TAG", &["render", "--build-arg", "TAG=# TAG"]);
    for (name, rule, allowed) in [
        ("without a rule", "", false),
        ("with the rule TAG", "TAG", true),
        (
            "with the rule TA.*, which is no regular expression",
            "TA.*",
            false,
        ),
        ("with the rule /TA.*/", "/TA.*/", true),
    ] {
        let mut project = Project::with_images("{{ env \"TAG\" }}");
        if !rule.is_empty() {
            project.allow(&format!(
                "  goTemplateRendering:\n    allowEnvVariables: [\"{rule}\"]"
            ));
        }
        table.case(name, allowed, project);
        if allowed {
            table.shows(&["# TAG"]);
        }
    }
    table
}
