//! The example projects that consist of several images, built and run as their READMEs say.

use e2e::{Build, Built, Repo};

/// Returns a repository with an example, whose stages no other run has built.
fn example(name: &str) -> Repo {
    let repo = Repo::example(name);
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    let project = format!("project: t{}-", std::process::id());
    repo.write("werf.yaml", text.replacen("project: ", &project, 1));
    repo.commit("another project");
    repo
}

fn build(repo: &Repo, target: &str) -> Built {
    Build::of(repo).args(["--target", target]).ok()
}

/// The layers of an image.
fn layers(built: &Built) -> serde_json::Value {
    built.image.inspect()["RootFS"]["Layers"].take()
}

#[test]
fn a_static_site() {
    let repo = example("static-site");
    let site = build(&repo, "site");
    assert_eq!(
        site.image.file("/www/about.html").unwrap(),
        "<!doctype html>\n<title>About</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n<h1>About</h1>\n<p>One commit, one page, one patch.</p>\n<hr><a href=\"index.html\">Home</a>\n"
    );
    assert_eq!(
        site.image.file("/www/sitemap.txt").unwrap(),
        "/about.html\n/index.html\n"
    );
    let served = "httpd -p 8080 -h /www && wget -q -O - http://127.0.0.1:8080/index.html | grep h1";
    assert_eq!(site.image.run(&["sh", "-c", served]), "<h1>Welcome</h1>\n");
    repo.write("README.md", "another text");
    repo.commit("beside the pages");
    assert_eq!(layers(&build(&repo, "site")), layers(&site));
}

#[test]
fn an_app_with_assets() {
    let repo = example("assets-app");
    let app = build(&repo, "app");
    let printed = app.image.run(&[]);
    let (page, bundle) = printed.split_once('\n').unwrap();
    assert!(
        page.starts_with("production: <script src=\"public/")
            && page.ends_with(".bundle.js\"></script>"),
        "{page}"
    );
    assert_eq!(
        bundle,
        "function left(s, n) { return s.padStart(n); }\nfunction right(s, n) { return s.padEnd(n); }\ndocument.title = left(\"hello\", 9);\n"
    );
    assert_eq!(app.image.config()["User"], "app");

    repo.write(
        "assets/main.js",
        "// Another comment.\ndocument.title = left(\"hello\", 9);\n",
    );
    repo.commit("a comment");
    let second = build(&repo, "app");
    assert_eq!(
        second.cached("[assets 4/5 setup]"),
        Some(false),
        "{}",
        second.log
    );
    assert_eq!(layers(&second), layers(&app), "the bundle is the same");

    repo.write("assets/packages.list", "left 1.2\n");
    repo.commit("one package less");
    let third = build(&repo, "app");
    assert_ne!(third.image.run(&[]), printed);
    assert!(!third.image.run(&[]).contains("right"));
}

#[test]
fn a_program_that_is_compiled_elsewhere() {
    let repo = example("compiled-app");
    let greet = build(&repo, "greet");
    assert_eq!(greet.image.run(&[]), "Hello, WORLD!\n");
    assert_eq!(greet.image.run(&["Ada"]), "Hello, ADA!\n");
    assert!(greet.image.file("/src/main.pl").is_none());
    let title = &greet.image.config()["Labels"]["org.opencontainers.image.title"];
    assert!(
        title.as_str().unwrap().ends_with("compiled-app/greet"),
        "{title}"
    );
}
