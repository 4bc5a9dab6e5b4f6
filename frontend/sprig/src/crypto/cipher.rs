//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, the initial vector before the text.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use gotemplate::{FuncError, FuncMap, Type, Value};

use crate::encoding::{base64_decode, base64_encode};
use crate::{limits, random};

const BLOCK: usize = 16;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("encryptAES", [Type::String, Type::String], |_, args| {
        let text = args.str(1);
        if text.is_empty() {
            return Ok("".into());
        }
        limits::bytes(text.len() as u64 * 2)?;
        let mut vector = [0; BLOCK];
        random::fill(&mut vector)?;
        Ok(base64_encode(&encrypt(args.str(0), vector, text)).into())
    });
    funcs.add("decryptAES", [Type::String, Type::String], |_, args| {
        if args.str(1).is_empty() {
            return Ok("".into());
        }
        let bytes = base64_decode(args.str(1))?;
        // What Go sets aside for the bytes is part of one message.
        let capacity = args.str(1).len() / 4 * 3;
        Ok(Value::string(decrypt(args.str(0), &bytes, capacity)?))
    });
}

/// The first 32 bytes of the password, filled up with zeros.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&key.into())
}

fn encrypt(password: &[u8], vector: [u8; BLOCK], text: &[u8]) -> Vec<u8> {
    let cipher = cipher(password);
    let padding = BLOCK - text.len() % BLOCK;
    let mut padded = text.to_vec();
    padded.resize(text.len() + padding, padding as u8);
    let mut out = vector.to_vec();
    let mut last = vector;
    for block in padded.chunks_exact(BLOCK) {
        for (byte, plain) in last.iter_mut().zip(block) {
            *byte ^= plain;
        }
        let mut block = last.into();
        cipher.encrypt_block(&mut block);
        last = block.into();
        out.extend_from_slice(&last);
    }
    out
}

/// As in Go, nothing but the last byte of the padding is looked at.
fn decrypt(password: &[u8], bytes: &[u8], capacity: usize) -> Result<Vec<u8>, FuncError> {
    let Some((vector, text)) = bytes.split_at_checked(BLOCK) else {
        return Err(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}"
        )
        .into());
    };
    if text.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = cipher(password);
    let mut out = Vec::with_capacity(text.len());
    let mut last = vector;
    for encrypted in text.chunks_exact(BLOCK) {
        let mut bytes = [0; BLOCK];
        bytes.copy_from_slice(encrypted);
        let mut block = bytes.into();
        cipher.decrypt_block(&mut block);
        out.extend(
            block
                .iter()
                .zip(last)
                .map(|(byte, previous)| byte ^ previous),
        );
        last = encrypted;
    }
    let Some(&padding) = out.last() else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let Some(length) = out.len().checked_sub(padding.into()) else {
        let bound = out.len() as i64 - i64::from(padding);
        return Err(format!("runtime error: slice bounds out of range [:{bound}]").into());
    };
    out.truncate(length);
    Ok(out)
}
