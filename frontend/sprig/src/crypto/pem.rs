//! PEM, the text around keys and certificates.

use crate::encoding::{base64_decode, base64_encode};

/// One block: what it is called and its bytes.
pub(super) struct Pem {
    pub label: String,
    pub bytes: Vec<u8>,
}

/// Returns a block as text.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let text = base64_encode(bytes);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Returns the first block in a text, whatever is around it.
pub(super) fn decode(text: &str) -> Option<Pem> {
    let mut rest = text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        let at_line_start = start == 0 || rest.as_bytes()[start - 1] == b'\n';
        rest = &rest[start + "-----BEGIN ".len()..];
        let (label, body) = rest.split_once('\n')?;
        let Some(label) = label.trim_end().strip_suffix("-----") else {
            continue;
        };
        let Some((body, _)) = body.split_once(&format!("-----END {label}-----")) else {
            continue;
        };
        // Headers end at an empty line.
        let body = match body.split_once("\n\n") {
            Some((headers, body)) if headers.contains(':') => body,
            _ => body,
        };
        let bytes: Vec<u8> = body
            .bytes()
            .filter(|byte| !matches!(byte, b' ' | b'\t'))
            .collect();
        if let Ok(bytes) = base64_decode(&bytes)
            && at_line_start
        {
            return Some(Pem {
                label: label.to_owned(),
                bytes,
            });
        }
    }
}
