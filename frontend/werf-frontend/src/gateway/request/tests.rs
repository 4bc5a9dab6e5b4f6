use super::*;

fn request(options: &[(&str, &str)]) -> Result<Request, BadOption> {
    Request::from_options(
        options
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

#[test]
fn options_come_from_numbered_variables_in_any_order() {
    let variables = [
        ("BUILDKIT_FRONTEND_OPT_7", "build-arg:X=a=b\nc"),
        ("BUILDKIT_FRONTEND_OPT_0", "target=app"),
        ("BUILDKIT_SESSION_ID", "s1"),
        ("PATH", "/bin"),
    ];
    let request = Request::from_env(variables.map(|(k, v)| (k.to_owned(), v.to_owned()))).unwrap();
    assert_eq!(request.session, "s1");
    assert_eq!(request.target.as_deref(), Some("app"));
    assert_eq!(request.build_args["X"], "a=b\nc");
}

#[test]
fn no_cache_without_names_means_all() {
    assert_eq!(request(&[]).unwrap().no_cache, NoCache::Off);
    assert_eq!(request(&[("no-cache", "")]).unwrap().no_cache, NoCache::All);
    let named = request(&[("no-cache", "Install,App")]).unwrap().no_cache;
    assert!(named.covers("x", "install") && named.covers("app", "setup"));
    assert!(!named.covers("x", "setup"));
    assert!(
        request(&[("no-cache", "app/setup")])
            .unwrap()
            .no_cache
            .covers("app", "setup")
    );
}

#[test]
fn a_filter_that_names_nothing_is_told() {
    let stages = [("app".to_owned(), "install"), ("Web".to_owned(), "setup")];
    let unmatched = |names| {
        let no_cache = request(&[("no-cache", names)]).unwrap().no_cache;
        no_cache.unmatched(&stages).join(" ")
    };
    assert_eq!(unmatched("app,setup,web/setup,WEB"), "");
    assert_eq!(unmatched("nonsense,app,app/setup"), "nonsense app/setup");
    assert_eq!(unmatched(""), "");
}

#[test]
fn cache_imports_of_new_and_old_clients() {
    let json = r#"[{"Type":"registry","Attrs":{"ref":"r/c"}},{"Type":"gha"}]"#;
    let imports = request(&[("cache-imports", json), ("cache-from", "a,b")])
        .unwrap()
        .cache_imports;
    let kinds: Vec<&str> = imports.iter().map(|import| import.kind.as_str()).collect();
    assert_eq!(kinds, ["registry", "registry", "registry", "gha"]);
    assert!(request(&[("cache-imports", "{")]).is_err());
}

#[test]
fn what_is_not_honoured_is_remembered_and_what_is_not_ours_is_not() {
    let request = request(&[
        ("context:base", "docker-image://x"),
        ("vcs:revision", "abc"),
        ("attest:provenance", "mode=min"),
        ("cmdline", "werf/frontend"),
        ("something-new", "1"),
        ("build-arg:BUILDKIT_SYNTAX", "x"),
    ])
    .unwrap();
    assert_eq!(request.ignored, ["something-new=1"]);
    assert_eq!(request.contexts["base"], "docker-image://x");
    assert_eq!(request.build_args, BTreeMap::new());
}

#[test]
fn proxies_are_known_in_both_cases() {
    let request = request(&[("build-arg:HTTP_PROXY", "p"), ("build-arg:no_proxy", "n")]).unwrap();
    assert_eq!(
        request.proxy.into_iter().collect::<Vec<_>>(),
        [
            ("http".to_owned(), "p".to_owned()),
            ("no".to_owned(), "n".to_owned())
        ]
    );
}

#[test]
fn hosts_limits_and_networks() {
    let good = request(&[
        ("add-hosts", "DB=10.0.0.1,v6=::1"),
        ("ulimit", "nofile=1024:2048,core=0"),
    ])
    .unwrap();
    assert_eq!(
        good.extra_hosts[0],
        ("db".to_owned(), "10.0.0.1".to_owned())
    );
    assert_eq!(
        good.ulimits,
        [("nofile".to_owned(), 1024, 2048), ("core".to_owned(), 0, 0)]
    );
    for wrong in [
        ("add-hosts", "x"),
        ("add-hosts", "x=y"),
        ("ulimit", "nofile"),
        ("force-network-mode", "bridge"),
        ("image-resolve-mode", "sometimes"),
        ("shm-size", "1g"),
        ("build-arg:SOURCE_DATE_EPOCH", "now"),
    ] {
        assert!(request(&[wrong]).is_err(), "{wrong:?}");
    }
}
