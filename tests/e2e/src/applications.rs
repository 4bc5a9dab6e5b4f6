//! The small applications of `examples/apps`, and stand-ins for the images of languages that they are built on.
//!
//! Each has a `werf.yaml` and a Dockerfile for the same image. Packages come from the registries that package managers ask.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Where Debian keeps certificates; behind a private certificate authority containers need this machine's.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How to get at Rust of Debian, in the places that images of Rust have.
const RUST: &str = "FROM debian:bookworm-slim\nRUN echo 'Acquire::Retries \"9\";' > /etc/apt/apt.conf.d/retries \\\n && apt-get update \\\n && apt-get install --yes --no-install-recommends ca-certificates cargo-web gcc libc6-dev rustc-web \\\n && apt-get clean && rm -rf /var/lib/apt/lists/*\nENV CARGO_HOME=/usr/local/cargo\n";

/// Debian's composer finds its libraries beside the place it is at.
const COMPOSER: &str = "RUN printf '#!/bin/sh\\nexec /usr/share/composer-run \"$@\"\\n' > /tmp/composer && mv /usr/bin/composer /usr/share/composer-run && chmod 755 /tmp/composer && mv /tmp/composer /usr/bin/composer\nENV COMPOSER_ALLOW_SUPERUSER=1\n";

/// Programs that an image of a language has, as Debian has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// node and npm.
    Node,
    /// Python with pip, PHP and composer.
    Languages,
    /// cargo and rustc.
    Rust,
}

/// Text of a file that takes the place of another.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// The file.
    pub path: &'static str,
    /// What is there once.
    pub from: &'static str,
    /// What takes its place.
    pub to: &'static str,
}

/// An image of an application.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name in `werf.yaml`.
    pub image: &'static str,
    /// The stage of the Dockerfile; `None` for the last one.
    pub stage: Option<&'static str>,
    /// A command that is run in it.
    pub run: &'static [&'static str],
    /// What that prints.
    pub prints: &'static str,
}

/// An application.
#[derive(Clone, Copy, Debug)]
pub struct Application {
    /// Its directory.
    pub name: &'static str,
    /// The images that it is built on, and what stands for them.
    pub bases: &'static [(&'static str, Programs)],
    /// The images that it is made into.
    pub targets: &'static [Target],
    /// The image of `werf.yaml` whose `install` fetches packages.
    pub fetches: &'static str,
    /// A commit of sources alone.
    pub source: Edit,
    /// A commit of another package.
    pub packages: &'static [Edit],
}

const NODE: &[(&str, Programs)] = &[("node:22-bookworm-slim", Programs::Node)];

/// Another version of `ms` in a lock file of npm.
const MS: [Edit; 3] = [
    Edit {
        path: "package-lock.json",
        from: "\"version\": \"2.1.3\"",
        to: "\"version\": \"2.1.2\"",
    },
    Edit {
        path: "package-lock.json",
        from: "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==",
        to: "sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w==",
    },
    Edit {
        path: "package-lock.json",
        from: "\"ms\": \"2.1.3\"",
        to: "\"ms\": \"2.1.2\"",
    },
];

/// All of them.
pub const APPLICATIONS: [Application; 6] = [
    Application {
        name: "node",
        bases: NODE,
        targets: &[Target {
            image: "app",
            stage: None,
            run: &[
                "node",
                "-e",
                "require('/app/dist/server.js'); setTimeout(async () => { console.log(await (await fetch('http://127.0.0.1:8080')).text()); process.exit() }, 100)",
            ],
            prints: "listening\nopen for 0 ms\n\n",
        }],
        fetches: "app",
        source: Edit {
            path: "src/text.js",
            from: "open for",
            to: "running for",
        },
        packages: &[
            MS[0],
            MS[1],
            MS[2],
            Edit {
                path: "package.json",
                from: "2.1.3",
                to: "2.1.2",
            },
        ],
    },
    Application {
        name: "python",
        bases: &[("python:3.13-slim", Programs::Languages)],
        targets: &[Target {
            image: "app",
            stage: None,
            run: &[],
            prints: "xn--bcher-kva.example\n",
        }],
        fetches: "app",
        source: Edit {
            path: "shop/__main__.py",
            from: ".example",
            to: ".test",
        },
        packages: &[Edit {
            path: "requirements.txt",
            from: "3.10",
            to: "3.9",
        }],
    },
    Application {
        name: "rust",
        bases: &[("rust:1-bookworm", Programs::Rust)],
        targets: &[Target {
            image: "app",
            stage: None,
            run: &["1250", "990"],
            prints: "22.40\n",
        }],
        fetches: "build",
        source: Edit {
            path: "src/main.rs",
            from: "{}.{:02}",
            to: "{},{:02}",
        },
        packages: &[
            Edit {
                path: "Cargo.lock",
                from: "1.0.11",
                to: "1.0.10",
            },
            Edit {
                path: "Cargo.lock",
                from: "49f1f14873335454500d59611f1cf4a4b0f786f9ac11f4312a78e4cf2566695b",
                to: "b1a46d1a171d865aa5f83f92695765caa047a9b4cbae2cbf37dbd613a793fd4c",
            },
        ],
    },
    Application {
        name: "php",
        bases: &[
            ("php:8.4-cli", Programs::Languages),
            ("composer:2", Programs::Languages),
        ],
        targets: &[Target {
            image: "app",
            stage: None,
            run: &["php", "/app/public/index.php"],
            prints: "<li>hammer\n<li>saw\n",
        }],
        fetches: "app",
        source: Edit {
            path: "src/Page.php",
            from: "<li>",
            to: "<p>",
        },
        packages: &[Edit {
            path: "composer.json",
            from: ">=8.1",
            to: ">=8.0",
        }],
    },
    Application {
        name: "static",
        bases: NODE,
        targets: &[Target {
            image: "site",
            stage: None,
            run: &[
                "sh",
                "-c",
                "httpd -p 8080 -h /www && wget -q -O - http://127.0.0.1:8080/index.html",
            ],
            prints: "<h1>Tools</h1>\n<ul>\n<li>hammer</li>\n<li>saw</li>\n</ul>\n",
        }],
        fetches: "pages",
        source: Edit {
            path: "pages/index.md",
            from: "hammer",
            to: "pliers",
        },
        packages: &[
            Edit {
                path: "package-lock.json",
                from: "\"version\": \"12.0.2\"",
                to: "\"version\": \"12.0.1\"",
            },
            Edit {
                path: "package-lock.json",
                from: "sha512-qXUm7e/YKFoqFPYPa3Ukg9xlI5cyAtGmyEIzMfW//m6kXwCy2Ps9DYf5ioijFKQ8qyuscrHoY04iJGctu2Kg0Q==",
                to: "sha512-Y1/V2yafOcOdWQCX0XpAKXzDakPOpn6U0YLxTJs3cww6VxOzZV1BTOOYWLvH3gX38cq+iLwljHHTnMtlDfg01Q==",
            },
            Edit {
                path: "package-lock.json",
                from: "\"marked\": \"12.0.2\"",
                to: "\"marked\": \"12.0.1\"",
            },
            Edit {
                path: "package.json",
                from: "12.0.2",
                to: "12.0.1",
            },
        ],
    },
    Application {
        name: "monorepo",
        bases: NODE,
        targets: &[
            Target {
                image: "api",
                stage: Some("api"),
                run: &[],
                prints: "{\"greeting\":\"hello, api, open for 2 hours\"}\n",
            },
            Target {
                image: "web",
                stage: Some("web"),
                run: &["cat", "/www/index.html"],
                prints: "<h1>hello, web, open for 2 hours</h1>\n",
            },
        ],
        fetches: "packages",
        source: Edit {
            path: "packages/greeting/index.js",
            from: "hello",
            to: "welcome",
        },
        packages: &[
            MS[0],
            MS[1],
            MS[2],
            Edit {
                path: "packages/greeting/package.json",
                from: "2.1.3",
                to: "2.1.2",
            },
        ],
    },
];

impl Application {
    /// Returns its directory.
    pub fn directory(&self) -> PathBuf {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/apps");
        examples.join(self.name)
    }

    /// Makes its stand-ins and returns the options that have them take the place of the images it is built on. `docker` starts
    /// a client whose daemon can push to `registry`.
    pub fn contexts(&self, registry: &str, docker: &dyn Fn() -> Command) -> Vec<String> {
        let mut options = vec![
            "--build-context".to_owned(),
            "busybox:1.37=docker-image://busybox:latest".to_owned(),
        ];
        for (image, programs) in self.bases {
            let stand_in = programs.stand_in(registry, docker);
            options.push("--build-context".to_owned());
            options.push(format!("{image}=docker-image://{stand_in}"));
        }
        options
    }
}

impl Edit {
    /// Makes the edit in the project at `root`.
    ///
    /// # Panics
    /// If the file has not what is to be replaced.
    pub fn make(&self, root: &Path) {
        let path = root.join(self.path);
        let text = std::fs::read_to_string(&path).expect("the example has the file");
        assert!(text.contains(self.from), "`{}` in {}", self.from, self.path);
        let text = text.replacen(self.from, self.to, 1);
        std::fs::write(&path, text).expect("the file can be written");
    }
}

impl Programs {
    /// Pushes an image with the programs, and returns its name.
    ///
    /// # Panics
    /// If it cannot be built.
    pub fn stand_in(self, registry: &str, docker: &dyn Fn() -> Command) -> String {
        // Tests that need the same one wait for whoever makes it.
        static MAKING: Mutex<()> = Mutex::new(());
        let _making = MAKING
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let name = match self {
            Programs::Node => "node",
            Programs::Languages => "languages",
            Programs::Rust => "rust",
        };
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut dockerfile = match self {
            Programs::Node => of_managers("node"),
            Programs::Languages => of_managers("languages") + COMPOSER,
            Programs::Rust => RUST.to_owned(),
        };
        if std::fs::copy(CERTIFICATES, directory.path().join("certificates")).is_ok() {
            dockerfile += &format!(
                "COPY certificates {CERTIFICATES}\nENV NODE_EXTRA_CA_CERTS={CERTIFICATES} PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}\n"
            );
        }
        std::fs::write(directory.path().join("Dockerfile"), dockerfile)
            .expect("the directory is ours");
        let reference = format!("{registry}/stand-ins/{name}:1");
        let built = docker()
            .args(["buildx", "build", "--quiet", "--provenance=false", "--push"])
            .args(["-t", &reference])
            .arg(directory.path())
            .output()
            .expect("docker is installed");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "the stand-in for {name}: {said}");
        reference
    }
}

/// The instructions are those of the tests of ansible, so a daemon follows them once.
fn of_managers(name: &str) -> String {
    let managers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible/managers");
    let dockerfile = managers.join(name).join("Dockerfile");
    let dockerfile = std::fs::read_to_string(dockerfile).expect("the tests have it");
    let (programs, _) = dockerfile
        .split_once("COPY ")
        .expect("packages come after the programs");
    programs.to_owned()
}
