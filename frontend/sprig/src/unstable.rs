//! Functions whose results do not last.

/// Reports whether a function gives another result each time it is called with the same
/// arguments, so that whatever contains its result is never found in a cache.
///
/// The date functions are not among them, although they take what is not a time for the present
/// one.
pub fn is_unstable(name: &str) -> bool {
    UNSTABLE.contains(&name)
}

const UNSTABLE: &[&str] = &[
    "ago",
    "bcrypt",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "htpasswd",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
];

#[cfg(test)]
mod tests {
    use super::UNSTABLE;

    #[test]
    fn every_unstable_function_exists() {
        let functions = crate::functions();
        for name in UNSTABLE {
            assert!(functions.get(name).is_some(), "{name}");
        }
    }
}
