//! Whatever a template builds, it ends at the engine's limit of values before it takes much memory.

use std::process::Command;

use gotemplate::{Limit, Map, Templates, Value};

/// The template that this program renders, and nothing else, when it runs as a child.
const TEMPLATE: &str = "TEMPLATE_TO_RENDER";

/// What a child may take at most: the 64 MiB of values, what is made on the way to them, and the program itself.
const MOST_KIB: u64 = 320 << 10;

const SHARED: &str =
    r#"{{ $d := dict }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}"#;

#[test]
fn every_way_to_build_values_ends_at_the_limit_of_values() {
    if let Ok(template) = std::env::var(TEMPLATE) {
        return render_alone(&template);
    }
    let shared = |tail: &str| format!("{SHARED}{tail}");
    for template in [
        shared("{{ deepCopy $d | len }}"),
        shared("{{ mustDeepCopy $d | len }}"),
        shared("{{ deepCopy (list $d) | len }}"),
        r"{{ $x := list 1 2 }}{{ range 99 }}{{ $x = list $x $x }}{{ end }}{{ deepCopy $x | len }}".into(),
        r#"{{ $d := dict }}{{ range $i := until 200 }}{{ $d = deepCopy (dict "a" $d "b" $d) }}{{ end }}"#.into(),
        r#"{{ $d := dict }}{{ range $i := until 1000000 }}{{ $d = dict "a" $d }}{{ end }}"#.into(),
        r"{{ $d := dict }}{{ range $i := until 1000000 }}{{ $_ := set $d (print $i) $i }}{{ end }}".into(),
        r"{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l . }}{{ end }}".into(),
        r#"{{ $l := list }}{{ range until 1000000 }}{{ $l = prepend $l (dict "a" .) }}{{ end }}"#.into(),
        r"{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}".into(),
        r"{{ $l := list }}{{ range until 1000000 }}{{ $l = list $l }}{{ end }}".into(),
        r"{{ $d := dict }}{{ range $i := until 1000000 }}{{ $d = merge $d (dict (print $i) $i) }}{{ end }}".into(),
        r"{{ $d := dict }}{{ range $i := until 1000000 }}{{ $d = mergeOverwrite (dict (print $i) $i) $d }}{{ end }}".into(),
        r"{{ range 99 }}{{ $_ := until 9000000 }}{{ end }}".into(),
        r"{{ range 99 }}{{ $_ := untilStep 0 9000000 1 }}{{ end }}".into(),
        r"{{ seq 9000000 | len }}".into(),
        r#"{{ repeat 30000000 "," | splitList "," | len }}"#.into(),
        r#"{{ repeat 30000000 "," | splitList "" | len }}"#.into(),
        r#"{{ repeat 30000000 "," | split "," | len }}"#.into(),
        r#"{{ splitn "," 20000000 (repeat 30000000 ",") | len }}"#.into(),
        r#"{{ regexSplit "," (repeat 30000000 ",") -1 | len }}"#.into(),
        r#"{{ regexFindAll "," (repeat 30000000 ",") -1 | len }}"#.into(),
        r"{{ until 2000000 | chunk 1 | len }}".into(),
        r"{{ until 2000000 | toStrings | len }}".into(),
        r#"{{ printf "[%s0]" (repeat 9000000 "[],") | fromJson | len }}"#.into(),
        r#"{{ printf "[%s0]" (repeat 5000000 "{\"a\":1},") | fromJson | len }}"#.into(),
    ] {
        tally::refused(1);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory::every_way_to_build_values_ends_at_the_limit_of_values"])
            .arg("--nocapture")
            .env(TEMPLATE, &template)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(
            child.status.success() && printed.contains("1 passed"),
            "{template}: {printed}{}",
            String::from_utf8_lossy(&child.stderr),
        );
    }
}

/// Renders one template to its limit and looks at how much this program took for it.
fn render_alone(template: &str) {
    let templates = Templates::new("t").with_funcs(sprig::functions());
    templates.parse("t", template).unwrap();
    let error = templates
        .execute("t", Value::from(Map::new()))
        .expect_err("the template does not end at a limit");
    let reached = error.limit().map(|error| error.limit);
    assert_eq!(reached, Some(Limit::ValueBytes), "{error}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB");
}
