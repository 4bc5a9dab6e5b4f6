//! `bcrypt`, `htpasswd` and `derivePassword`.

use gotemplate::{FuncError, FuncMap, Type, UintKind};
use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;
use sha2::Sha256;

use crate::random;

/// Bytes of a password that bcrypt looks at; Go refuses longer ones.
const MAX_PASSWORD: usize = 72;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("bcrypt", [Type::String], |_, args| {
        Ok(bcrypt(args.str(0))?.into())
    });
    funcs.add("htpasswd", [Type::String, Type::String], |_, args| {
        let user = args.str(0).to_text();
        if user.contains(':') {
            return Ok(format!("invalid username: {user}").into());
        }
        Ok(format!("{user}:{}", bcrypt(args.str(1))?).into())
    });
    let params = [
        Type::Uint(UintKind::Uint32),
        Type::String,
        Type::String,
        Type::String,
        Type::String,
    ];
    funcs.add("derivePassword", params, |_, args| {
        let counter = args[0].as_uint().unwrap_or_default() as u32;
        let kind = args.str(1).to_text();
        let [password, user, site] = [2, 3, 4].map(|index| args.str(index).as_bytes());
        Ok(derive(counter, &kind, password, user, site)?.into())
    });
}

fn bcrypt(password: &[u8]) -> Result<String, FuncError> {
    /// Go's default cost.
    const COST: u32 = 10;
    let failed = |why: &str| format!("failed to encrypt string with bcrypt: {why}");
    if password.len() > MAX_PASSWORD {
        return Ok(failed("bcrypt: password length exceeds 72 bytes"));
    }
    let mut salt = [0; 16];
    random::fill(&mut salt)?;
    Ok(match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(hash) => hash.format_for_version(bcrypt::Version::TwoA),
        Err(error) => failed(&error.to_string()),
    })
}

/// The algorithm of masterpassword.app.
const SEED: &[u8] = b"com.lyndir.masterpassword";

/// Derives the password of a site: the same each time for the same arguments.
fn derive(
    counter: u32,
    kind: &str,
    password: &[u8],
    user: &[u8],
    site: &[u8],
) -> Result<String, FuncError> {
    let Some(templates) = templates(kind) else {
        return Ok(format!("cannot find password template {kind}"));
    };
    let with_length = |text: &[u8]| [&(text.len() as u32).to_be_bytes(), text].concat();
    let salt = [SEED, &with_length(user)].concat();
    let mut key = [0; 64];
    // 32 MiB of memory.
    Params::new(15, 8, 2)
        .map_err(|error| error.to_string())
        .and_then(|params| {
            scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| error.to_string())
        })
        .map_err(|error| format!("failed to derive password: {error}"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
    mac.update(&[SEED, &with_length(site), &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let chars = template.bytes().zip(&seed[1..]).map(|(class, &byte)| {
        let chars = characters(class).as_bytes();
        char::from(chars[usize::from(byte) % chars.len()])
    });
    Ok(chars.collect())
}

fn templates(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static str {
    match class {
        b'V' => "AEIOU",
        b'C' => "BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => "aeiou",
        b'c' => "bcdfghjklmnpqrstvwxyz",
        b'A' => "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => "0123456789",
        b'o' => "@&%?,=[]_:-+*$#!'^~;()/.",
        _ => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}
