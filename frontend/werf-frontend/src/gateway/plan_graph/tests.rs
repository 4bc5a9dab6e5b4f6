use diagnostic::Location;
use werf_plan::file::{FilesOf, FilesRequest};

use crate::gateway::bridge::Daemon;

use super::*;

fn remote(url: &str, reference: &str) -> RemoteRequest {
    RemoteRequest {
        url: url.to_owned(),
        reference: reference.to_owned(),
        name: "name".to_owned(),
        at: Location::point("werf.yaml", 1, 1),
        advice: String::new(),
    }
}

#[test]
fn repositories_are_mounted_and_fetched_as_for_a_dockerfile() {
    let remotes = [
        remote("https://host/team/lib.git", "refs/tags/v1"),
        remote("git@host:team/lib.git", "HEAD"),
    ];
    let own = OwnImage::Reference("frontend:1");
    let inputs = PlanInputs {
        remotes: &remotes,
        ..PlanInputs::default()
    };
    let plan = plan_graph(&Request::default(), &own, inputs.clone()).expect("a graph");
    assert_eq!(plan.remotes.len(), 2);
    insta::assert_snapshot!(plan.graph.text(plan.out));

    let capabilities = ["source.git.signatureverify", "source.git.skipsubmodules"];
    let daemon = Daemon {
        capabilities: capabilities.map(str::to_owned).to_vec(),
        ..Daemon::default()
    };
    let inputs = PlanInputs {
        abilities: remote::Abilities::of(&daemon),
        ..inputs
    };
    let plan = plan_graph(&Request::default(), &own, inputs).expect("a graph");
    let text = plan.graph.text(plan.out);
    assert!(
        text.contains("team/lib.git#refs/tags/v1\n") && text.contains("git.skipsubmodules = true"),
        "{text}"
    );
}

#[test]
fn a_repository_as_the_context_brings_the_configuration_unless_the_client_sends_it() {
    let own = OwnImage::Reference("frontend:1");
    let text = |more: &[(&str, &str)]| {
        let given = [
            ("context", "https://host/team/app.git#v1:deploy"),
            ("filename", "werf.yaml"),
        ];
        let options = given.iter().chain(more);
        let options = options.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let request = Request::from_options(options.collect()).expect("options");
        let plan = plan_graph(&request, &own, PlanInputs::default()).expect("a graph");
        plan.graph.text(plan.out)
    };
    insta::assert_snapshot!(text(&[]));
    let sent = text(&[("dockerfilekey", "dockerfile")]);
    assert!(
        sent.contains("local://dockerfile") && sent.contains("\"--sent\""),
        "{sent}"
    );
    assert!(
        !sent.contains("local://context") && !sent.contains("deploy"),
        "{sent}"
    );
}

#[test]
fn files_of_the_client_are_sent_by_patterns_and_mounted() {
    let mut client = ClientInputs::default();
    assert!(client.add(&FilesRequest {
        of: FilesOf::Rules,
        include: vec!["conf/*.txt".into(), ".werf/**/*.tmpl".into()],
        exclude: vec!["**/.git".into()],
    }));
    let inputs = PlanInputs {
        client,
        ..PlanInputs::default()
    };
    let own = OwnImage::Reference("frontend:1");
    let plan = plan_graph(&Request::default(), &own, inputs).expect("a graph");
    insta::assert_snapshot!(plan.graph.text(plan.out));
}

#[test]
fn a_working_directory_is_sent_by_metadata_where_the_daemon_takes_that() {
    let own = OwnImage::Reference("frontend:1");
    let mut request = Request::default();
    request.build_args.insert("WERF_DEV".into(), "1".into());
    let text = |capabilities: &[&str]| {
        let daemon = Daemon {
            capabilities: capabilities.iter().map(|it| (*it).to_owned()).collect(),
            ..Daemon::default()
        };
        let mut client = ClientInputs::of(&daemon);
        client.add(&FilesRequest {
            of: FilesOf::WorkTree,
            include: vec!["a".into()],
            exclude: vec!["b".into()],
        });
        let inputs = PlanInputs {
            client,
            ..PlanInputs::default()
        };
        let plan = plan_graph(&request, &own, inputs).expect("a graph");
        plan.graph.text(plan.out)
    };
    insta::assert_snapshot!(text(&["source.local.metadatatransfer"]));
    insta::assert_snapshot!(text(&[]));
}

#[test]
fn without_repositories_nothing_is_added() {
    let own = OwnImage::Reference("frontend:1");
    let plan = plan_graph(&Request::default(), &own, PlanInputs::default()).expect("a graph");
    let text = plan.graph.text(plan.out);
    assert!(
        !text.contains("git://") && !text.contains("/remotes"),
        "{text}"
    );
}
