//! What fuzzing starts from and what it has found, rendered by the same function (`fuzz/README.md`).

use std::path::Path;

#[path = "../../../fuzz/src/entry.rs"]
mod entry;

#[test]
fn the_corpus_renders_within_bounds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/template");
    let mut rendered = 0;
    for file in std::fs::read_dir(corpus).unwrap() {
        let path = file.unwrap().path();
        println!("{}", path.display());
        entry::render(&std::fs::read(&path).unwrap());
        rendered += 1;
    }
    assert!(rendered > 100, "only {rendered} inputs");
}

#[test]
fn slow_functions_end_within_the_budget() {
    for template in [
        "{{ range until 1000 }}{{ bcrypt \"x\" }}{{ end }}",
        "{{ range until 1000 }}{{ genPrivateKey \"rsa\" }}{{ end }}",
        "{{ range until 1000 }}{{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
        "{{ range until 1000000000 }}{{ end }}",
        "{{ repeat 1000000000 \"x\" }}",
    ] {
        entry::render(template.as_bytes());
    }
}
