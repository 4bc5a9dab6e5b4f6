//! The repositories of mappings with `url`: how PLAN asks for them, and how they are given to it.

use std::path::PathBuf;
use std::str::FromStr;

use diagnostic::Diagnostic;
use werf_config::{Config, Remote};

use super::file::RemoteRequest;

/// A repository that PLAN can read, as in `--remote`: `DIR REFERENCE URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenRemote {
    /// The git directory, whose HEAD is the wanted commit.
    pub git_dir: PathBuf,
    /// As in [`RemoteRequest::reference`].
    pub reference: String,
    /// As in [`RemoteRequest::url`].
    pub url: String,
}

impl FromStr for GivenRemote {
    type Err = String;

    fn from_str(text: &str) -> Result<GivenRemote, String> {
        // Neither a reference nor a URL holds a blank; a directory may.
        let mut parts = text.rsplitn(3, ' ');
        let (url, reference, dir) = (parts.next(), parts.next(), parts.next());
        match (dir, reference, url) {
            (Some(dir), Some(reference), Some(url)) => Ok(GivenRemote {
                git_dir: PathBuf::from(dir),
                reference: reference.to_owned(),
                url: url.to_owned(),
            }),
            _ => Err("it is not of the form `GIT_DIR REFERENCE URL`".to_owned()),
        }
    }
}

impl GivenRemote {
    /// Returns the flag's value for the repository that `request` asks for, mounted at `git_dir`.
    pub fn flag(git_dir: &str, request: &RemoteRequest) -> String {
        format!("{git_dir} {} {}", request.reference, request.url)
    }
}

impl RemoteRequest {
    /// Whether it is what a mapping with `remote` takes.
    pub fn is_for(&self, remote: &Remote) -> bool {
        self.url == remote.url.value && self.reference == remote.reference.value.full_name()
    }
}

/// Returns what `config` needs, each repository and reference once.
pub fn requests(config: &Config) -> Vec<RemoteRequest> {
    let mut requests: Vec<RemoteRequest> = Vec::new();
    for remote in mappings(config) {
        match requests.iter_mut().find(|request| request.is_for(remote)) {
            // Whichever of them knows a password gives the better advice.
            Some(request) if remote.password.is_some() => {
                request.advice = remote.advice_for_access();
            }
            Some(_) => {}
            None => requests.push(RemoteRequest {
                url: remote.url.value.clone(),
                reference: remote.reference.value.full_name(),
                name: remote.reference.value.to_string(),
                at: remote.reference.at.clone(),
                advice: remote.advice_for_access(),
            }),
        }
    }
    requests
}

/// Returns what the mappings of `config` with `url` say of other repositories.
pub fn mappings(config: &Config) -> impl Iterator<Item = &Remote> {
    config
        .images
        .iter()
        .flat_map(|image| &image.git)
        .filter_map(|mapping| mapping.remote.as_ref())
}

/// Returns a mistake for each of `requests`, where nobody fetches them.
pub fn missing(requests: &[RemoteRequest]) -> Vec<Diagnostic> {
    requests
        .iter()
        .map(|request| {
            Diagnostic::error(format!(
                "the plan needs repository `{}` ({}), which only a build fetches",
                request.url, request.name
            ))
            .at(request.at.clone())
            .hint(format!(
                "give a clone of it that has this commit checked out: `--remote 'CLONE/.git {} {}'`",
                request.reference, request.url
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_holds_a_directory_with_blanks() {
        let given: GivenRemote = "my clone/.git HEAD https://x/y".parse().expect("a flag");
        assert_eq!(given.git_dir, PathBuf::from("my clone/.git"));
        assert_eq!(
            (given.reference.as_str(), given.url.as_str()),
            ("HEAD", "https://x/y")
        );
        for wrong in ["", "x", "HEAD https://x/y"] {
            assert!(wrong.parse::<GivenRemote>().is_err(), "{wrong}");
        }
    }
}
