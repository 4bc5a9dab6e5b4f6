//! Slash-separated paths, after Go's package `path`. The `os` functions are the same on Linux.

use gotemplate::{FuncMap, Type, Value};

pub(crate) fn register(funcs: &mut FuncMap) {
    let mut add = |name: &str, os_name: &str, part: fn(&[u8]) -> Vec<u8>| {
        funcs.add(name, [Type::String], move |_, args| {
            Ok(Value::string(part(args.str(0))))
        });
        funcs.alias(os_name, name);
    };
    add("base", "osBase", |path| base(path).to_vec());
    add("dir", "osDir", |path| {
        clean(&path[..last_slash(path).map_or(0, |at| at + 1)])
    });
    add("clean", "osClean", clean);
    add("ext", "osExt", |path| ext(path).to_vec());
    funcs.add("isAbs", [Type::String], |_, args| {
        Ok(args.str(0).starts_with(b"/").into())
    });
    funcs.alias("osIsAbs", "isAbs");
}

fn last_slash(path: &[u8]) -> Option<usize> {
    path.iter().rposition(|&byte| byte == b'/')
}

/// Returns the last element.
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let Some(end) = path.iter().rposition(|&byte| byte != b'/') else {
        return b"/";
    };
    let path = &path[..=end];
    &path[last_slash(path).map_or(0, |at| at + 1)..]
}

/// Returns what the last element has from its last dot on.
fn ext(path: &[u8]) -> &[u8] {
    let name = &path[last_slash(path).map_or(0, |at| at + 1)..];
    name.iter()
        .rposition(|&byte| byte == b'.')
        .map_or(&[], |at| &name[at..])
}

/// Returns the shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    let is_rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if is_rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (is_rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
