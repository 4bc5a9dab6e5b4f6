//! Recorded answers of Go and its libraries, whatever they are about: the format of a file is told by its content.

use masks::glob;
use serde::Deserialize;
use serde_json::Value as Json;

pub mod template;
pub mod yaml;

/// How a file of cases went.
#[derive(Debug)]
pub struct Report {
    /// How many cases agree.
    pub passed: usize,
    /// The name of each case that does not, and what is different.
    pub failed: Vec<(String, String)>,
}

/// Runs the cases of a file.
///
/// # Errors
/// A file that is not one of cases.
pub fn run(json: &str) -> Result<Report, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head {
        cases: Vec<Json>,
    }
    let head: Head = serde_json::from_str(json)?;
    let first = head.cases.first();
    let has = |key: &str| first.is_some_and(|case| case.get(key).is_some());
    let (count, failed) = if has("template") {
        template::run(json)?
    } else if has("yaml") {
        let (count, wrong) = yaml::run(json)?;
        let name = |text: &String| text.split(": ").next().unwrap_or_default().to_owned();
        (
            count,
            wrong.into_iter().map(|text| (name(&text), text)).collect(),
        )
    } else {
        matches(json)?
    };
    Ok(Report {
        passed: count - failed.len(),
        failed,
    })
}

/// A pattern, a text and what becomes of them.
#[derive(Deserialize)]
struct Match {
    kind: String,
    p: String,
    s: String,
    #[serde(default)]
    r: String,
    out: String,
}

fn matches(json: &str) -> Result<(usize, Vec<(String, String)>), serde_json::Error> {
    #[derive(Deserialize)]
    struct CaseFile {
        cases: Vec<Match>,
    }
    let file: CaseFile = serde_json::from_str(json)?;
    let wrong = file.cases.iter().filter_map(|case| {
        let answer = answer(case);
        let name = format!("{} {:?} {:?}", case.kind, case.p, case.s);
        (answer != case.out).then(|| (name, format!("ours: {answer}\n  Go:   {}", case.out)))
    });
    Ok((file.cases.len(), wrong.collect()))
}

fn answer(case: &Match) -> String {
    match case.kind.as_str() {
        "glob" => match glob::is_match(&case.p, case.s.as_bytes()) {
            Ok(is_match) => is_match.to_string(),
            Err(_) => "ERR".to_owned(),
        },
        "semver" => {
            let Ok(constraints) = sprig::semver::Constraints::parse(&case.p) else {
                return "ERR".to_owned();
            };
            let Ok(version) = sprig::semver::Version::parse(&case.s) else {
                return "ERRV".to_owned();
            };
            constraints.check(&version).to_string()
        }
        kind => {
            let Ok(regexp) = goregexp::Regexp::new(case.p.as_bytes()) else {
                return "ERR".to_owned();
            };
            let text = case.s.as_bytes();
            match kind {
                "match" => regexp.is_match(text).to_string(),
                "findall" => list(&regexp.find_all(text, -1)),
                "split" => list(&regexp.split(text, -1)),
                _ => match regexp.replace_all(text, case.r.as_bytes(), u64::MAX) {
                    Ok(replaced) => String::from_utf8_lossy(&replaced).into_owned(),
                    Err(error) => error.to_string(),
                },
            }
        }
    }
}

fn list(parts: &[&[u8]]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| String::from_utf8_lossy(part))
        .collect();
    Json::from(parts).to_string()
}
