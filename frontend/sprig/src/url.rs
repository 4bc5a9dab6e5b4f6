//! `urlParse` and `urlJoin`, after Go's `net/url` (1.24), which takes relative references and
//! changes little.

use gotemplate::{FuncError, FuncMap, Map, Str, Type, Value};

use crate::quote::quote;
use crate::strings::find;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("urlParse", [Type::String], |_, args| {
        let url =
            Url::parse(args.str(0)).map_err(|error| format!("unable to parse url: {error}"))?;
        let hostname = hostname(&url.host).to_vec();
        let userinfo = url.user.map(|user| user.text()).unwrap_or_default();
        Ok(Map::dict(
            [
                ("scheme", url.scheme),
                ("host", url.host),
                ("hostname", hostname),
                ("path", url.path),
                ("query", url.query),
                ("opaque", url.opaque),
                ("fragment", url.fragment),
                ("userinfo", userinfo),
            ]
            .map(|(key, value)| (key, Value::string(value))),
        )
        .into())
    });
    funcs.add("urlJoin", [Type::dict()], |_, args| {
        let part = |key| text_under(args.map(0), key).map(|text| text.to_vec());
        let mut url = Url {
            scheme: part("scheme")?,
            host: part("host")?,
            path: part("path")?,
            query: part("query")?,
            opaque: part("opaque")?,
            fragment: part("fragment")?,
            user: None,
        };
        let userinfo = part("userinfo")?;
        if !userinfo.is_empty() {
            let carrier = [b"proto://", &userinfo[..], b"@host"].concat();
            url.user = Url::parse(&carrier)
                .map_err(|error| format!("unable to parse userinfo in dict: {error}"))?
                .user;
        }
        Ok(Value::string(url.text()))
    });
}

/// Returns a part of the URL, which is empty when missing.
fn text_under(map: &Map, key: &str) -> Result<Str, FuncError> {
    match map.get(key) {
        None => Ok(Str::default()),
        Some(Value::String(text)) => Ok(text),
        Some(other) if other.is_nil() => {
            Err("runtime error: invalid memory address or nil pointer dereference".into())
        }
        Some(other) => {
            let kind = other.kind();
            Err(
                format!("unable to parse {key} key, must be of type string, but {kind} found")
                    .into(),
            )
        }
    }
}

/// A URL in its parts, unescaped save for `query` and `opaque`.
#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl User {
    fn text(&self) -> Vec<u8> {
        let mut text = escape(&self.name, Place::User);
        if let Some(password) = &self.password {
            text.push(b':');
            text.extend(escape(password, Place::User));
        }
        text
    }
}

/// Which characters have to be escaped depends on the part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    User,
    Host,
    /// What follows `%25` in the address of an IPv6 host.
    Zone,
    Fragment,
}

fn cut<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match find(text, separator) {
        Some(at) => (&text[..at], Some(&text[at + separator.len()..])),
        None => (text, None),
    }
}

impl Url {
    fn parse(raw: &[u8]) -> Result<Url, String> {
        let (text, fragment) = cut(raw, b"#");
        let mut url = Url::parse_reference(text)
            .map_err(|error| format!("parse {}: {error}", quote(text)))?;
        url.fragment = unescape(fragment.unwrap_or_default(), Place::Fragment)
            .map_err(|error| format!("parse {}: {error}", quote(raw)))?;
        Ok(url)
    }

    fn parse_reference(text: &[u8]) -> Result<Url, String> {
        if text.iter().any(u8::is_ascii_control) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Url::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b"?");
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b"/").0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let has_authority = !url.scheme.is_empty() || !rest.starts_with(b"///");
        if let Some(after) = rest.strip_prefix(b"//")
            && has_authority
        {
            let end = find(after, b"/").unwrap_or(after.len());
            url.read_authority(&after[..end])?;
            rest = &after[end..];
        }
        url.path = unescape(rest, Place::Path)?;
        Ok(url)
    }

    fn read_authority(&mut self, text: &[u8]) -> Result<(), String> {
        let at = text.iter().rposition(|&byte| byte == b'@');
        self.host = read_host(&text[at.map_or(0, |at| at + 1)..])?;
        let Some(at) = at else { return Ok(()) };
        let userinfo = &text[..at];
        let is_allowed =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !userinfo.iter().all(is_allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = cut(userinfo, b":");
        self.user = Some(User {
            name: unescape(name, Place::User)?,
            password: password
                .map(|password| unescape(password, Place::User))
                .transpose()?,
        });
        Ok(())
    }

    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.append_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Place::Fragment));
        }
        out
    }

    fn append_hierarchy(&self, out: &mut Vec<u8>) {
        let has_authority = !self.host.is_empty() || self.user.is_some();
        if has_authority || !self.scheme.is_empty() && !self.path.is_empty() {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.text());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Place::Host));
        let path = if self.path == b"*" {
            self.path.clone()
        } else {
            escape(&self.path, Place::Path)
        };
        if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
            out.push(b'/');
        }
        // A colon in the first segment would make it a scheme.
        if out.is_empty() && cut(&path, b"/").0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((&[], text))
}

fn read_host(text: &[u8]) -> Result<Vec<u8>, String> {
    let port = if text.starts_with(b"[") {
        let Some(end) = text.iter().rposition(|&byte| byte == b']') else {
            return Err("missing ']' in host".to_owned());
        };
        if let Some(zone) = find(&text[..end], b"%25") {
            check_port(&text[end + 1..])?;
            let mut host = unescape(&text[..zone], Place::Host)?;
            host.extend(unescape(&text[zone..end], Place::Zone)?);
            host.extend(unescape(&text[end..], Place::Host)?);
            return Ok(host);
        }
        &text[end + 1..]
    } else {
        text.iter()
            .rposition(|&byte| byte == b':')
            .map_or(&[][..], |at| &text[at..])
    };
    check_port(port)?;
    unescape(text, Place::Host)
}

fn is_port(text: &[u8]) -> bool {
    text.is_empty() || text[0] == b':' && text[1..].iter().all(u8::is_ascii_digit)
}

fn check_port(text: &[u8]) -> Result<(), String> {
    if is_port(text) {
        Ok(())
    } else {
        Err(format!("invalid port {} after host", quote(text)))
    }
}

/// Returns the host without port and brackets.
fn hostname(host: &[u8]) -> &[u8] {
    let colon = host
        .iter()
        .rposition(|&byte| byte == b':')
        .filter(|&at| is_port(&host[at..]));
    let host = &host[..colon.unwrap_or(host.len())];
    host.strip_prefix(b"[")
        .and_then(|inner| inner.strip_suffix(b"]"))
        .unwrap_or(host)
}

fn must_escape(byte: u8, place: Place) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    let plain: &[u8] = match place {
        Place::Path => b"$&+,/:;=@",
        Place::User => b"$&+,;=",
        Place::Host | Place::Zone => b"!$&'()*+,;=:[]<>\"",
        Place::Fragment => b"$&+,/:;=?@!()*",
    };
    !plain.contains(&byte)
}

fn escape(text: &[u8], place: Place) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if must_escape(byte, place) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(text: &[u8], place: Place) -> Result<Vec<u8>, String> {
    let in_host = matches!(place, Place::Host | Place::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            if in_host && byte.is_ascii() && must_escape(byte, place) {
                let byte = quote(&[byte]);
                return Err(format!("invalid character {byte} in host name"));
            }
            out.push(byte);
            continue;
        }
        let start = text.len() - after.len() - 1;
        let bad = || {
            let end = text.len().min(start + 3);
            format!("invalid URL escape {}", quote(&text[start..end]))
        };
        let digit = |at: usize| {
            after
                .get(at)
                .and_then(|&byte| char::from(byte).to_digit(16))
        };
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(bad());
        };
        let value = (high * 16 + low) as u8;
        let is_percent = value == b'%';
        // A host may escape what is not ASCII only, a zone also what a host may contain.
        if place == Place::Host && high < 8 && !is_percent
            || place == Place::Zone
                && !is_percent
                && value != b' '
                && must_escape(value, Place::Host)
        {
            return Err(bad());
        }
        out.push(value);
        rest = &after[2..];
    }
    Ok(out)
}
