//! Sections as YAML, as a person would write it.

use super::section::{Base, Command, Config, Import, Mapping, Section, Stage};

/// The schema that editors look for beside the file.
pub const SCHEMA: &str = "werf.schema.json";

/// What a template writes two braces for.
pub const BRACES: &str = "{{ \"{{\" }}";

/// Words that YAML 1.1 takes for something else than text.
const OTHER_THAN_TEXT: [&str; 9] = ["y", "yes", "n", "no", "on", "off", "true", "false", "null"];

/// Returns the whole file.
pub fn configuration(syntax: &str, project: &str, sections: &[Section]) -> String {
    let mut text = format!(
        "# syntax={syntax}\n# yaml-language-server: $schema={SCHEMA}\nproject: {}\nconfigVersion: 1\n",
        scalar(project)
    );
    for section in sections {
        text.push_str("---\n");
        write_section(section, &mut text);
    }
    text
}

fn write_section(section: &Section, text: &mut String) {
    write_comment("", &section.comment, text);
    text.push_str(&format!("image: {}\n", scalar(&section.name)));
    if section.is_intermediate {
        text.push_str("final: false\n");
    }
    match &section.base {
        Base::Image(name) => text.push_str(&format!("from: {}\n", scalar(name))),
        Base::Dockerfile(path) => text.push_str(&format!("dockerfile: {}\n", scalar(path))),
    }
    if !section.git.is_empty() {
        text.push_str("git:\n");
    }
    for mapping in &section.git {
        write_mapping(mapping, text);
    }
    if !section.imports.is_empty() {
        text.push_str("import:\n");
    }
    for import in &section.imports {
        write_import(import, text);
    }
    if !section.commands.is_empty() {
        text.push_str("shell:\n");
    }
    for stage in Stage::ORDER {
        let of_stage = section.commands.iter().filter(|it| it.stage == stage);
        let mut of_stage = of_stage.peekable();
        if of_stage.peek().is_some() {
            text.push_str(&format!("  {}:\n", stage.key()));
        }
        for command in of_stage {
            write_command(command, text);
        }
    }
    write_config(&section.config, text);
}

fn write_mapping(mapping: &Mapping, text: &mut String) {
    text.push_str(&format!("- add: {}\n", scalar(&mapping.add)));
    text.push_str(&format!("  to: {}\n", scalar(&mapping.to)));
    write_owner(mapping.owner.as_ref(), mapping.group.as_ref(), text);
    for (key, masks) in [
        ("includePaths", &mapping.include),
        ("excludePaths", &mapping.exclude),
    ] {
        if !masks.is_empty() {
            text.push_str(&format!("  {key}: {}\n", list(masks)));
        }
    }
    if !mapping.dependencies.is_empty() {
        text.push_str("  stageDependencies:\n");
    }
    for it in &mapping.dependencies {
        write_comment("    ", &it.comment, text);
        text.push_str(&format!("    {}: {}\n", it.stage.key(), list(&it.masks)));
    }
}

fn write_import(import: &Import, text: &mut String) {
    text.push_str(&format!("- from: {}\n", scalar(&import.from)));
    text.push_str(&format!("  add: {}\n", scalar(&import.add)));
    text.push_str(&format!("  to: {}\n", scalar(&import.to)));
    write_owner(import.owner.as_ref(), import.group.as_ref(), text);
    text.push_str(&format!("  {}: {}\n", import.when, import.stage.key()));
}

fn write_owner(owner: Option<&String>, group: Option<&String>, text: &mut String) {
    for (key, name) in [("owner", owner), ("group", group)] {
        if let Some(name) = name {
            text.push_str(&format!("  {key}: {}\n", scalar(name)));
        }
    }
}

fn write_command(command: &Command, text: &mut String) {
    write_comment("  ", &command.comment, text);
    if !command.text.contains('\n') {
        text.push_str(&format!("  - {}\n", sentence(&command.text)));
        return;
    }
    text.push_str("  - |\n");
    for line in command.text.lines() {
        text.push_str(format!("    {}", without_actions(line)).trim_end());
        text.push('\n');
    }
}

fn write_config(config: &Config, text: &mut String) {
    let mut rows = String::new();
    for (key, pairs) in [("labels", &config.labels), ("env", &config.env)] {
        if !pairs.is_empty() {
            rows.push_str(&format!("    {key}:\n"));
        }
        for (name, value) in pairs {
            rows.push_str(&format!("      {}: {}\n", scalar(name), scalar(value)));
        }
    }
    for (key, words) in [("volumes", &config.volumes), ("expose", &config.expose)] {
        if !words.is_empty() {
            rows.push_str(&format!("    {key}: {}\n", list(words)));
        }
    }
    for (key, word) in [
        ("user", &config.user),
        ("workingDir", &config.working_dir),
        ("stopSignal", &config.stop_signal),
    ] {
        if let Some(word) = word {
            rows.push_str(&format!("    {key}: {}\n", scalar(word)));
        }
    }
    for (key, words) in [("entrypoint", &config.entrypoint), ("cmd", &config.cmd)] {
        if let Some(words) = words {
            rows.push_str(&format!("    {key}: {}\n", list(words)));
        }
    }
    if rows.is_empty() && config.comment.is_empty() {
        return;
    }
    if rows.is_empty() {
        write_comment("", &config.comment, text);
    } else {
        text.push_str("imageSpec:\n  config:\n");
        write_comment("    ", &config.comment, text);
        text.push_str(&rows);
    }
}

fn write_comment(indent: &str, comment: &str, text: &mut String) {
    for line in comment.lines() {
        text.push_str(&format!("{indent}# {}\n", without_actions(line)));
    }
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|it| scalar(it)).collect();
    format!("[{}]", items.join(", "))
}

/// Returns a word, in quotes where YAML would take it for something else.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        || (text.starts_with('.') && text.contains(|c: char| c.is_ascii_alphabetic()));
    let is_text = starts_well
        && text.chars().all(is_plain)
        && !text.ends_with(':')
        && !OTHER_THAN_TEXT.contains(&text.to_ascii_lowercase().as_str());
    if is_text {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Returns a command in one line, in quotes where YAML would take it for something else.
fn sentence(text: &str) -> String {
    let starts_well =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '$' | '('));
    let is_text = starts_well
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && text.chars().all(|c| !c.is_control())
        && !OTHER_THAN_TEXT.contains(&text.to_ascii_lowercase().as_str());
    if is_text {
        without_actions(text)
    } else {
        quoted(text)
    }
}

/// Returns a text in double quotes, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    without_actions(&serde_json::Value::from(text).to_string())
}

/// Returns a text whose braces no template reads.
fn without_actions(text: &str) -> String {
    text.replace("{{", BRACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_yaml_reads_something_else() {
        for (text, expected) in [
            ("node:22-slim", "node:22-slim"),
            ("/app", "/app"),
            (".nvmrc", ".nvmrc"),
            ("**", "\"**\""),
            ("8080", "\"8080\""),
            ("yes", "\"yes\""),
            ("", "\"\""),
            ("-x", "\"-x\""),
            ("a b", "\"a b\""),
            ("a:", "\"a:\""),
            ("é\"", "\"é\\\"\""),
            ("{{x}}", "\"{{ \"{{\" }}x}}\""),
        ] {
            assert_eq!(scalar(text), expected, "{text}");
        }
    }

    #[test]
    fn commands_stay_readable_as_long_as_they_can() {
        for (text, expected) in [
            ("cd /app && npm ci", "cd /app && npm ci"),
            ("echo a: b", "\"echo a: b\""),
            ("make # all", "\"make # all\""),
            ("[ -x a ]", "\"[ -x a ]\""),
            ("'a' b", "\"'a' b\""),
            ("true", "\"true\""),
        ] {
            assert_eq!(sentence(text), expected, "{text}");
        }
    }
}
