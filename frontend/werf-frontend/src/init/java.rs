//! Java with maven or gradle: an archive that is made in one image and run in another.

use super::section::{Config, Import, Mapping, Section, Stage, words};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "java",
    told_by: "pom.xml, build.gradle or build.gradle.kts",
    found: |project| project.present(&["pom.xml", "build.gradle", "build.gradle.kts"]),
    images,
    leftovers: &["target", "build", ".gradle"],
};

/// Elements of a `pom.xml` that hold the version.
const MAVEN_VERSIONS: [&str; 5] = [
    "maven.compiler.release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
    "release",
];

/// What gradle reads to know of dependencies.
const GRADLE_FILES: [&str; 5] = [
    "**/*.gradle",
    "**/*.gradle.kts",
    "**/gradle.properties",
    "**/gradle.lockfile",
    "gradle/**",
];

/// Takes the archive that is to be run, and none of those that are made beside it.
const COLLECT: &str = r"find . -path '*/DIRECTORY/*.jar' ! -name '*-plain.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar' ! -name 'original-*' ! -path '*/wrapper/*' -exec cp {} /out/app.jar \;";

fn images(project: &Project) -> Images {
    let (version, mut build) = if project.has("pom.xml") {
        with_maven(project)
    } else {
        with_gradle(project)
    };
    build.is_intermediate = true;
    build.comment = "Compiles; nothing of it but the archive is in the image below.".to_owned();
    let mut app = Section::new("app", format!("eclipse-temurin:{version}-jre"));
    app.imports = vec![Import::at_install("build", "/out", "/app", "after")];
    app.config = Config {
        working_dir: Some("/app".to_owned()),
        cmd: Some(words(&["java", "-jar", "app.jar"])),
        ..Config::default()
    };
    let pom = project.text("pom.xml").unwrap_or_default();
    let settings = ["settings.gradle", "settings.gradle.kts"].map(|file| project.text(file));
    let has_modules = pom.contains("<module>")
        || settings
            .into_iter()
            .flatten()
            .any(|text| text.contains("include"));
    let mut notes = Vec::new();
    if has_modules {
        notes.push("the project has modules: the image takes the archive of one of them; name it in the last command of `setup`".to_owned());
    }
    Images {
        sections: vec![build, app],
        notes,
        port: None,
    }
}

fn with_maven(project: &Project) -> (String, Section) {
    let pom = project.text("pom.xml").unwrap_or_default();
    let version = MAVEN_VERSIONS.into_iter().find_map(|name| {
        // Of the whole file only one number is wanted, and where it is not found the table has one.
        let (_, rest) = pom.split_once(&format!("<{name}>"))?;
        java(rest.split('<').next()?)
    });
    let version = version.unwrap_or_else(|| current::JAVA.to_owned());
    let wrapper = project.has("mvnw");
    let (image, maven) = if wrapper {
        (format!("eclipse-temurin:{version}-jdk"), "sh ./mvnw")
    } else {
        (
            format!("maven:{}-eclipse-temurin-{version}", current::MAVEN),
            "mvn",
        )
    };
    let section = Section::new("build", image)
        .run(Stage::Install, "cd /src")
        .run(
            Stage::Install,
            format!("{maven} --batch-mode --no-transfer-progress dependency:go-offline"),
        )
        .run(Stage::Setup, "cd /src")
        .run(
            Stage::Setup,
            format!("{maven} --batch-mode --no-transfer-progress package -DskipTests"),
        )
        .run(Stage::Setup, "mkdir -p /out")
        .run(Stage::Setup, COLLECT.replace("DIRECTORY", "target"));
    let mut masks = vec!["**/pom.xml".to_owned()];
    masks.extend(project.present(&[".mvn", "mvnw"]));
    (version, with_sources(project, section, masks))
}

fn with_gradle(project: &Project) -> (String, Section) {
    let texts = ["build.gradle", "build.gradle.kts"].map(|file| project.text(file));
    let version = texts.into_iter().flatten().find_map(|text| {
        let marks = ["JavaLanguageVersion.of(", "jvmToolchain(", "VERSION_"];
        marks.into_iter().find_map(|mark| {
            let (_, rest) = text.split_once(mark)?;
            java(rest)
        })
    });
    let version = version.unwrap_or_else(|| current::JAVA.to_owned());
    let (image, gradle) = if project.has("gradlew") {
        (format!("eclipse-temurin:{version}-jdk"), "sh ./gradlew")
    } else {
        (format!("gradle:{}-jdk{version}", current::GRADLE), "gradle")
    };
    let section = Section::new("build", image)
        .run(Stage::Install, "cd /src")
        .run(Stage::Install, format!("{gradle} --no-daemon dependencies"))
        .run(Stage::Setup, "cd /src")
        .run(Stage::Setup, format!("{gradle} --no-daemon assemble"))
        .run(Stage::Setup, "mkdir -p /out")
        .run(Stage::Setup, COLLECT.replace("DIRECTORY", "build/libs"));
    let masks = GRADLE_FILES.into_iter().filter(|mask| match *mask {
        "**/*.gradle" => project.has("build.gradle") || project.has("settings.gradle"),
        "**/*.gradle.kts" => project.has("build.gradle.kts") || project.has("settings.gradle.kts"),
        "gradle/**" => project.has("gradle"),
        mask => project.has(mask.trim_start_matches("**/")),
    });
    let mut masks: Vec<String> = masks.map(str::to_owned).collect();
    masks.extend(project.present(&["gradlew", "buildSrc"]));
    (version, with_sources(project, section, masks))
}

fn with_sources(project: &Project, mut section: Section, masks: Vec<String>) -> Section {
    let sources: Mapping = project.sources("/src");
    let sources = sources.depends(Stage::Install, "What names the dependencies.", masks);
    section.git = vec![sources.depends(Stage::Setup, "All files.", ["**"])];
    section
}

/// Returns the number of a version: `1.8` is 8, and of images there is none below.
fn java(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| !c.is_ascii_digit());
    let text = text
        .strip_prefix("1.")
        .or(text.strip_prefix("1_"))
        .unwrap_or(text);
    versions::exact(text, Parts::One)
}
