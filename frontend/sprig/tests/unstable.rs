//! Whoever renders a template can tell afterwards whether it would be another text the next time.

use std::process::Command;

use gotemplate::{Map, Templates, Value};

/// The template that this program renders, and nothing else, when it runs as a child.
const TEMPLATE: &str = "UNSTABLE_TEMPLATE_TO_RENDER";

#[test]
fn a_result_that_does_not_last_is_remembered() {
    if let Ok(template) = std::env::var(TEMPLATE) {
        let templates = Templates::new("t").with_funcs(sprig::functions());
        templates.parse("t", &template).unwrap();
        let rendered = templates.execute("t", Value::from(Map::new()));
        println!("unstable: {} ({rendered:?})", sprig::has_been_unstable());
        return;
    }
    let unstable = [
        "now",
        "ago 0",
        // What is no time is the present one.
        r#"date "2006" "x""#,
        r#"bcrypt "x""#,
        r#"htpasswd "a" "x""#,
        r#"encryptAES "secret" "x""#,
        r#"genPrivateKey "rsa""#,
        r#"genPrivateKey "dsa""#,
        r#"genPrivateKey "ecdsa""#,
        r#"genPrivateKey "ed25519""#,
        r#"genCA "x" 1"#,
        r#"genCAWithKey "x" 1 (genPrivateKey "ed25519")"#,
        r#"genSelfSignedCert "x" nil nil 1"#,
        r#"genSignedCert "x" nil nil 1 (genCA "x" 1)"#,
        r#"getHostByName "localhost""#,
        "randAlpha 1",
        "randAlphaNum 1",
        "randAscii 1",
        "randBytes 1",
        "randInt 0 9",
        "randNumeric 1",
        r#"shuffle "abc""#,
        "uuidv4",
    ];
    let stable = [
        r#"date "2006" 0"#,
        "duration 60",
        r#"dateInZone "2006" 0 "UTC""#,
        r#"toDate "2006" "2020" | unixEpoch"#,
        r#"derivePassword 1 "long" "x" "a" "site""#,
        r#"sha256sum "x""#,
        r"list 3 1 2 | sortAlpha",
    ];
    let all = unstable.map(|it| (it, true)).into_iter();
    for (call, is_unstable) in all.chain(stable.map(|it| (it, false))) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "unstable::a_result_that_does_not_last_is_remembered",
            ])
            .arg("--nocapture")
            .env(TEMPLATE, format!("{{{{ {call} }}}}"))
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(
            printed.contains(&format!("unstable: {is_unstable}")),
            "{call}: {printed}{}",
            String::from_utf8_lossy(&child.stderr),
        );
    }
}
