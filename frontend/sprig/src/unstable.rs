//! Functions whose results do not last.

use std::sync::atomic::{AtomicBool, Ordering};

static HAS_ASKED: AtomicBool = AtomicBool::new(false);

/// Reports whether anything in this process has asked for the present time, for random bytes or for the address of a host: what was
/// rendered may be another text the next time.
///
/// It is known for the process and not for a text, since functions are called from many places, and a program that renders one
/// configuration and ends has no other.
pub fn has_been_unstable() -> bool {
    HAS_ASKED.load(Ordering::Relaxed)
}

/// Remembers that a result will not last.
pub(crate) fn asked() {
    HAS_ASKED.store(true, Ordering::Relaxed);
}

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
