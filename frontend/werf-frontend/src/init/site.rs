//! Pages that only have to be served.

use super::section::{Config, Section, words};
use super::versions::current;
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "static",
    told_by: "index.html, here or in public, site or www",
    found: |project| place(project).map(|it| it.1).into_iter().collect(),
    images,
    leftovers: &[],
};

/// Directories that pages are usually in.
const PLACES: [&str; 4] = ["", "public", "site", "www"];

/// The port of the server.
const PORT: u16 = 8080;

/// Returns the directory of the pages, and the page that told it.
fn place(project: &Project) -> Option<(&'static str, String)> {
    PLACES.into_iter().find_map(|directory| {
        let page = format!("{directory}/index.html");
        let page = page.trim_start_matches('/').to_owned();
        project.has(&page).then_some((directory, page))
    })
}

fn images(project: &Project) -> Images {
    let directory = place(project).map_or("", |it| it.0);
    let mut section = Section::new("site", format!("busybox:{}", current::BUSYBOX));
    section.comment = "A small server. For another one name its image, and the place of its pages in `to`:\nnginx has them in /usr/share/nginx/html, and needs no `cmd`."
        .to_owned();
    let mut pages = project.sources("/www");
    pages.add = project.in_repository(directory);
    if directory.is_empty() {
        pages.exclude.extend(project.present(&["README.md"]));
    } else {
        pages.exclude.clear();
    }
    section.git = vec![pages];
    section.config = Config {
        expose: vec![PORT.to_string()],
        cmd: Some(words(&[
            "httpd",
            "-f",
            "-p",
            &PORT.to_string(),
            "-h",
            "/www",
        ])),
        ..Config::default()
    };
    Images {
        sections: vec![section],
        notes: Vec::new(),
        port: Some(PORT),
    }
}
