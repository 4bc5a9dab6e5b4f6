//! What is said, against digests and git over random histories.

use std::collections::BTreeSet;

use werf_plan::file::{Outcome, StagePlan};

use crate::git::fixture::Fixture;
use crate::helper::inventory::{Survey, survey};
use crate::helper::plan::PlanRequest;
use crate::helper::uncommitted::ClientFiles;

use super::*;

fn surveyed(fixture: &Fixture, commit: &str) -> Survey {
    survey(&PlanRequest {
        git_dir: fixture.git_dir(),
        commit: Some(commit.to_owned()),
        client_files: ClientFiles::None("a test has none".to_owned()),
        ..PlanRequest::default()
    })
}

fn plan_of(survey: &Survey) -> &Plan {
    match &survey.file.outcome {
        Outcome::Plan(plan) => plan,
        other => panic!("{other:#?}"),
    }
}

fn explained(before: &Survey, after: &Survey) -> Explanation {
    let side = |survey| Side {
        plan: plan_of(survey),
        behind: survey.behind.as_ref().expect("what is behind a plan"),
    };
    explain(side(before), side(after))
}

/// Returns what is said of HEAD and the commit before.
fn last(fixture: &Fixture) -> Explanation {
    explained(&surveyed(fixture, "HEAD~1"), &surveyed(fixture, "HEAD"))
}

fn stage<'a>(explained: &'a Explanation, image: &str, name: &str) -> &'a StageExplanation {
    let mut images = explained.images.iter();
    let image = images.find(|it| it.image.as_str() == image).expect("image");
    let mut stages = image.stages.iter();
    stages.find(|it| it.stage == name).expect("a stage")
}

/// A small generator of numbers, always the same ones for a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// What a configuration is made of: a place for each thing that can be written in several ways.
#[derive(Clone)]
struct Knobs([usize; 14]);

impl Knobs {
    const WAYS: [&[&str]; 14] = [
        &["alpine:3", "alpine:4"],
        &["", "fromCacheVersion: \"1\"\n"],
        &["", "asLayers: true\n"],
        &["/", "/src"],
        &["", "  excludePaths: [src/c]\n"],
        &["", "  owner: app\n"],
        &[
            "[src/a, src/b]",
            "[src/b]",
            "[\"**/*.x\"]",
            "[nothing, src/a]",
        ],
        &["[src]", "[src/deep]", "[\"**\", src/b]"],
        &["[one, two]", "[one, three]", "[one]", "[\"one\\ntwo\"]"],
        &[
            "",
            "  beforeInstall: [early]\n",
            "  beforeInstall: [early, late]\n",
        ],
        &["", "  setupCacheVersion: \"2\"\n"],
        &["", "  cacheVersion: \"3\"\n"],
        &["from: base", "from: alpine:3"],
        &[
            "",
            "docker: {ENV: {A: b}}\n",
            "docker: {ENV: {A: c, B: d}, USER: e}\n",
        ],
    ];

    fn text(&self) -> String {
        let [
            base,
            version,
            layers,
            add,
            exclude,
            owner,
            install,
            setup,
            commands,
            early,
            salt,
            salt_all,
            child,
            docker,
        ] = std::array::from_fn(|at| Knobs::WAYS[at][self.0[at]]);
        format!(
            "project: p\nconfigVersion: 1\n---\nimage: base\nfrom: {base}\n{version}{layers}git:\n- add: {add}\n  to: /app\n{exclude}{owner}  stageDependencies:\n    install: {install}\n    setup: {setup}\n- add: /other\n  to: /other\n  stageDependencies: {{setup: [\"*\"]}}\nshell:\n{early}{salt}{salt_all}  install: {commands}\n  setup: [make]\n---\nimage: child\n{child}\n{docker}git:\n- {{add: /src, to: /code}}\nshell: {{install: [last]}}\n"
        )
    }

    fn turn(&mut self, random: &mut Random) {
        let at = random.below(Knobs::WAYS.len());
        self.0[at] = random.below(Knobs::WAYS[at].len());
    }
}

const PATHS: [&str; 7] = [
    "src/a",
    "src/b",
    "src/c",
    "src/deep/a.x",
    "other/y",
    "other/z.x",
    "README",
];

fn edit(fixture: &Fixture, random: &mut Random) {
    let path = random.one_of(&PATHS[..6]);
    let full = fixture.path().join(path);
    match random.below(4) {
        // Something of each mapping has to stay.
        0 if !path.ends_with("deep/a.x") && path != "other/y" => {
            std::fs::remove_file(full).ok();
        }
        1 if full.exists() => {
            let mode = random.one_of(&["u+x", "u-x"]);
            let status = std::process::Command::new("chmod")
                .arg(mode)
                .arg(full)
                .status();
            assert!(status.expect("chmod runs").success());
        }
        _ => fixture.write(path, random.below(5).to_string()),
    }
}

/// Returns the paths that git finds different between HEAD and the commit before.
fn different(fixture: &Fixture) -> BTreeSet<String> {
    let paths = fixture.git(&["diff", "--name-only", "--no-renames", "HEAD~1", "HEAD"]);
    paths.lines().map(str::to_owned).collect()
}

#[test]
fn a_stage_is_named_exactly_if_its_digest_is_another_one() {
    let mut random = Random(7);
    let fixture = Fixture::unborn();
    let mut knobs = Knobs([0; 14]);
    for path in PATHS {
        fixture.write(path, "0");
    }
    fixture.write("werf.yaml", knobs.text());
    fixture.commit();
    let mut before = surveyed(&fixture, "HEAD");
    let (mut named, mut stayed) = (0, 0);
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for number in 0..120 {
        for _ in 0..random.below(3) {
            edit(&fixture, &mut random);
        }
        for _ in 0..random.below(2) {
            knobs.turn(&mut random);
        }
        fixture.write("werf.yaml", knobs.text());
        fixture.commit();
        let after = surveyed(&fixture, "HEAD");
        let paths = different(&fixture);
        for image in explained(&before, &after).images {
            let old = plan_of(&before).image(&image.image).expect("it stays");
            let new = plan_of(&after).image(&image.image).expect("it is there");
            let mut at = 0;
            for said in &image.stages {
                let context = format!("step {number}, image {}: {said:#?}", image.image);
                if said.verdict == Verdict::Gone {
                    continue;
                }
                let is = &new.stages[at];
                let key = numbered(&new.stages, at);
                let was = find(&old.stages, key);
                at += 1;
                let is_same = was.is_some_and(|was| was.digest == is.digest);
                assert_eq!(said.verdict == Verdict::Stays, is_same, "{context}");
                assert_eq!(said.reasons.is_empty(), is_same, "{context}");
                let real = said.reasons.iter().filter(|it| is_real(it, was, is));
                kinds.extend(real.clone().map(kind));
                assert_eq!(real.count(), said.reasons.len(), "{context}");
                for path in files(&said.reasons) {
                    // A file that another `add` or `excludePaths` takes is none that git finds different.
                    let is_known = paths.contains(path) || paths.contains("werf.yaml");
                    assert!(is_known, "{path} is not different: {context}");
                }
                *(if is_same { &mut stayed } else { &mut named }) += 1;
            }
            assert_eq!(at, new.stages.len(), "every stage is spoken of");
        }
        before = after;
    }
    assert!(
        named > 200 && stayed > 200,
        "{named} named, {stayed} stayed"
    );
    let wanted = ["earlier", "field", "files", "image", "new", "text"];
    assert_eq!(kinds, wanted.map(str::to_owned).into());
}

fn kind(reason: &Reason) -> String {
    let value = serde_json::to_value(reason).expect("JSON");
    value["because"].as_str().expect("a word").to_owned()
}

/// Whether a reason names a field that is really different.
fn is_real(reason: &Reason, was: Option<&StagePlan>, is: &StagePlan) -> bool {
    let values = |stage: &StagePlan, name: &str| -> Vec<String> {
        let fields = werf_plan::differing::combined(&stage.fields).into_iter();
        let fields = fields.filter(|(it, _)| *it == name);
        fields.map(|(_, value)| value).collect()
    };
    let Some(was) = was else {
        return *reason == Reason::New;
    };
    let is_other = |name: &str| values(was, name) != values(is, name);
    match reason {
        Reason::New | Reason::Removed => false,
        Reason::Earlier { .. } => is_other("parent"),
        Reason::Image { .. } => is_other("baseStage"),
        Reason::Text { field, lines, .. } => is_other(field) && !lines.is_empty(),
        Reason::Files { field, files, .. } => is_other(field) && !files.is_empty(),
        Reason::Field {
            field,
            before,
            after,
        } => {
            let is_base = field == "base" && is_other("baseStage");
            (is_base || is_other(field)) && before != after
        }
    }
}

fn files(reasons: &[Reason]) -> impl Iterator<Item = &String> {
    reasons.iter().flat_map(|reason| match reason {
        Reason::Files { files, .. } => files.iter().map(|file| &file.path).collect(),
        _ => Vec::new(),
    })
}

const OTHERS: &str = "project: p\nconfigVersion: 1\n---\nimage: lib\nfrom: alpine:3\ngit: [{add: /lib, to: /lib}]\n---\nimage: app\nfrom: alpine:3\nNETWORKimport: [{image: lib, add: /lib, to: /lib, before: setup}]\nshell: {beforeInstall: [first], setup: [second]}\n---\nimage: web\ndockerfile: Dockerfile\ncontext: web\n---\nimage: top\nfrom: web\nshell: {install: [third]}\n";

#[test]
fn what_only_a_build_knows_is_said_to_run_perhaps() {
    let fixture = Fixture::with(&[
        ("werf.yaml", &OTHERS.replace("NETWORK", "")),
        ("lib/x", "1"),
        ("web/Dockerfile", "FROM scratch\nCOPY . /\n"),
        ("web/index", "1"),
    ]);
    fixture.write("lib/x", "2");
    fixture.write("web/index", "2");
    fixture.commit();
    let said = last(&fixture);
    assert_eq!(
        stage(&said, "lib", "gitLatestPatch").verdict,
        Verdict::Reruns
    );
    assert_eq!(stage(&said, "app", "beforeInstall").verdict, Verdict::Stays);
    for (image, name) in [
        ("app", "importsBeforeSetup"),
        ("app", "setup"),
        ("web", "dockerfile"),
        ("top", "from"),
        ("top", "install"),
    ] {
        assert_eq!(
            stage(&said, image, name).verdict,
            Verdict::Perhaps,
            "{image} {name}"
        );
    }
    // The network is in BuildKit's key of every command, and in no digest.
    fixture.write("werf.yaml", OTHERS.replace("NETWORK", "network: none\n"));
    fixture.commit();
    let said = last(&fixture);
    for name in ["beforeInstall", "importsBeforeSetup", "setup"] {
        assert_eq!(stage(&said, "app", name).verdict, Verdict::Reruns, "{name}");
    }
    assert_eq!(stage(&said, "web", "dockerfile").verdict, Verdict::Stays);
}

#[test]
fn another_source_of_an_import_is_in_no_digest_and_said_all_the_same() {
    let config = |from: &str| {
        format!(
            "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nimport: [{{from: {from}, add: /bin, to: /bin, before: install}}]\n"
        )
    };
    let fixture = Fixture::with(&[("werf.yaml", &config("busybox:1.36"))]);
    fixture.write("werf.yaml", config("busybox:1.37"));
    fixture.commit();
    let said = last(&fixture);
    let stage = stage(&said, "app", "importsBeforeInstall");
    assert_eq!(stage.digest, stage.digest_before);
    assert_eq!(stage.verdict, Verdict::Perhaps);
    let reason = Reason::Field {
        field: "from".to_owned(),
        before: vec!["busybox:1.36".to_owned()],
        after: vec!["busybox:1.37".to_owned()],
    };
    assert_eq!(stage.reasons, [reason]);
}

#[test]
fn a_commit_that_is_not_there_is_said_to_be_none() {
    let fixture = Fixture::with(&[("werf.yaml", "project: p\nconfigVersion: 1\n")]);
    for commit in ["HEAD~1", "nowhere", "\u{1b}[31m", ""] {
        let Outcome::Errors(errors) = surveyed(&fixture, commit).file.outcome else {
            panic!("`{commit}` is planned");
        };
        let message = &errors[0].message;
        assert!(
            message.ends_with("is no commit of this repository"),
            "{message}"
        );
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}
