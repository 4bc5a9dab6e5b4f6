//! Random commits through the daemon: the steps that run again are those that `explain` has named, and no others.

use e2e::repo::config_text;
use e2e::{Build, Built, Random, Repo, Tree};
use werf_frontend::helper::explain::{Explanation, Side, Verdict, explain};
use werf_frontend::helper::inventory::{Survey, survey};
use werf_frontend::helper::plan::PlanRequest;
use werf_plan::file::Outcome;

const BUILDS: usize = 12;

/// What is written in the configuration; every number is new whenever it is drawn, so that no build finds one that was
/// before the last.
struct Project {
    salt: String,
    numbers: [u64; 5],
    mask: &'static str,
}

impl Project {
    fn text(&self) -> String {
        let Project {
            salt,
            numbers: [early, install, setup, version, last],
            mask,
        } = self;
        let stamp = |name: &str, number: &u64| {
            format!(
                "[\"mkdir -p /stamps; read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamps/{name}; : {salt} {number}\"]"
            )
        };
        config_text(&format!(
            "image: part\nfinal: false\nfrom: busybox:latest\ngit: [{{add: /part, to: /part}}]\nshell: {{beforeInstall: {}}}\n---\nimage: base\nfinal: false\nfrom: busybox:latest\ngit:\n- add: /src\n  to: /src\n  stageDependencies:\n    install: [a]\n    setup: {mask}\nimport:\n- {{image: part, add: /part/in, to: /in, after: install}}\nshell:\n  beforeInstall: {}\n  install: {}\n  setup: {}\n  setupCacheVersion: \"{version}\"\n---\nimage: app\nfrom: base\ngit: [{{add: /app, to: /app}}]\nshell: {{install: {}}}\n",
            stamp("part", &0),
            stamp("base-beforeInstall", early),
            stamp("base-install", install),
            stamp("base-setup", setup),
            stamp("app-install", last),
        ))
    }

    /// Changes one thing of the project.
    fn edit(&mut self, repo: &Repo, random: &mut Random) {
        let number = random.number();
        match random.below(12) {
            0 => self.numbers[0] = number,
            1 => self.numbers[1] = number,
            2 => self.numbers[2] = number,
            3 => self.numbers[3] = number,
            4 => self.numbers[4] = number,
            5 => self.mask = *random.pick(&["[dir]", "[\"**/*.x\"]", "[dir, nothing]"]),
            6 => repo.write(&format!("src/dir/{number}.x"), "new"),
            at => {
                let paths = ["src/a", "src/dir/b.x", "src/c", "app/d", "part/in"];
                repo.write(paths[at - 7], number.to_string());
            }
        }
    }
}

fn surveyed(repo: &Repo, commit: &str) -> Survey {
    survey(&PlanRequest {
        git_dir: repo.join(".git"),
        commit: Some(commit.to_owned()),
        ..PlanRequest::default()
    })
}

fn side(survey: &Survey) -> Side<'_> {
    match (&survey.file.outcome, &survey.behind) {
        (Outcome::Plan(plan), Some(behind)) => Side { plan, behind },
        (outcome, _) => panic!("{outcome:#?}"),
    }
}

fn explained(repo: &Repo, from: &str) -> Explanation {
    let (before, after) = (surveyed(repo, from), surveyed(repo, "HEAD"));
    explain(side(&before), side(&after))
}

#[test]
fn what_runs_again_is_what_was_explained() {
    let mut random = Random::seeded(11);
    let repo = Repo::new();
    let mut project = Project {
        salt: e2e::salt(),
        numbers: [0; 5],
        mask: "[dir]",
    };
    for path in ["src/a", "src/dir/b.x", "src/c", "app/d", "part/in"] {
        repo.write(path, &project.salt);
    }
    repo.write("werf.yaml", project.text());
    repo.commit("first");
    let build = || Build::of(&repo).args(["--target", "app"]).tree();
    let (_, mut before): (Built, Tree) = build();
    let mut seen = [0; 3];
    for number in 0..=BUILDS {
        let from = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        // The last one changes nothing but what is imported. Several commits may lie between two builds.
        let edits = if number == BUILDS {
            repo.write("part/in", "the last one");
            repo.commit("imported");
            0
        } else {
            random.below(2) + 1
        };
        for _ in 0..edits {
            project.edit(&repo, &mut random);
            repo.write("README.md", random.number().to_string());
            repo.write("werf.yaml", project.text());
            repo.commit("next");
        }
        let said = explained(&repo, &from);
        let (built, after) = build();
        for image in &said.images {
            for stage in image.stages.iter().filter(|stage| stage.has_step) {
                let name = format!("{}-{}", image.image, stage.stage);
                let stamp = |tree: &Tree| tree.text(&format!("stamps/{name}"));
                let reran = match (stamp(&before), stamp(&after)) {
                    (None, None) => built.ran(image.image.as_str(), &stage.stage),
                    (before, after) => before != after,
                };
                let context = format!("build {number}: {name} {stage:#?}\n{}", built.log);
                match stage.verdict {
                    Verdict::Stays => assert!(!reran, "it ran again; {context}"),
                    Verdict::Reruns => assert!(reran, "it did not run; {context}"),
                    Verdict::Perhaps => {}
                    Verdict::Gone => panic!("nothing goes; {context}"),
                }
                seen[stage.verdict as usize] += 1;
            }
        }
        before = after;
    }
    let [stayed, perhaps, reran] = seen;
    assert!(stayed > BUILDS && reran > BUILDS && perhaps > 0, "{seen:?}");
}
