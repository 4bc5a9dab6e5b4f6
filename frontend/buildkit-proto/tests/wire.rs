//! The numbers of the fields, pinned: each message is compared with bytes that were put together by hand from
//! BuildKit's `.proto` files. Whoever changes a number here stops talking to BuildKit.

use std::collections::BTreeMap;
use std::fmt::Debug;

use buildkit_proto::moby::buildkit::v1::{apicaps, types};
use buildkit_proto::{frontend, fsutil, pb, rpc};
use prost::Message;

/// -1 as protobuf writes it: a negative number always has ten bytes.
const MINUS_ONE: &[u8] = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";

/// Puts parts together.
fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A field that is a string, bytes or a message: `tag` (number * 8 + 2), length, content.
fn field(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("the messages of these tests are short");
    assert!(length < 128, "a longer length has two bytes");
    bytes(&[tag, &[length], content])
}

fn map<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Proves that `message` is written as `expected` and read from it.
fn assert_wire<M: Message + Default + PartialEq + Debug>(message: &M, expected: &[u8]) {
    assert_eq!(
        message.encode_to_vec().escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    assert_eq!(M::decode(expected).as_ref(), Ok(message));
}

#[test]
fn an_exec_has_its_mounts_limits_and_constraints_where_buildkit_looks_for_them() {
    let root = pb::Mount {
        dest: "/".to_owned(),
        ..pb::Mount::default()
    };
    let cache = pb::Mount {
        input: -1,
        selector: "/t".to_owned(),
        dest: "/c".to_owned(),
        output: -1,
        readonly: true,
        mount_type: pb::MountType::Cache.into(),
        cache_opt: Some(pb::CacheOpt {
            id: "s".to_owned(),
            sharing: pb::CacheSharingOpt::Locked.into(),
        }),
        content_cache: pb::MountContentCache::Off.into(),
        ..pb::Mount::default()
    };
    let exec = pb::ExecOp {
        meta: Some(pb::Meta {
            args: vec!["sh".to_owned()],
            env: vec!["A=b".to_owned()],
            cwd: "/".to_owned(),
            user: "1".to_owned(),
            hostname: "h".to_owned(),
            ulimit: vec![pb::Ulimit {
                name: "core".to_owned(),
                soft: 1,
                hard: -1,
            }],
            cgroup_parent: "g".to_owned(),
            remove_mount_stubs_recursive: true,
            valid_exit_codes: vec![0, 200],
            ..pb::Meta::default()
        }),
        mounts: vec![root, cache],
        network: pb::NetMode::None.into(),
        security: pb::SecurityMode::Insecure.into(),
        secretenv: vec![pb::SecretEnv {
            id: "i".to_owned(),
            name: "n".to_owned(),
            optional: true,
        }],
        ..pb::ExecOp::default()
    };
    let op = pb::Op {
        inputs: vec![pb::Input {
            digest: "sha256:aa".to_owned(),
            index: 1,
        }],
        op: Some(pb::op::Op::Exec(exec)),
        platform: Some(pb::Platform {
            architecture: "arm".to_owned(),
            os: "linux".to_owned(),
            variant: "v7".to_owned(),
            ..pb::Platform::default()
        }),
        constraints: Some(pb::WorkerConstraints::default()),
    };

    // The root mount has input 0 and output 0, which are not written.
    let root = b"\x1a\x01/";
    let cache = bytes(&[
        b"\x08",
        MINUS_ONE,     // input = 1
        b"\x12\x02/t", // selector = 2
        b"\x1a\x02/c", // dest = 3
        b"\x20",
        MINUS_ONE,                        // output = 4
        b"\x28\x01",                      // readonly = 5
        b"\x30\x03",                      // mountType = 6, CACHE
        b"\xa2\x01\x05\x0a\x01s\x10\x02", // cacheOpt = 20 { ID = 1, sharing = 2, LOCKED }
        b"\xc0\x01\x02",                  // contentCache = 24, OFF
    ]);
    let limit = bytes(&[b"\x0a\x04core\x10\x01\x18", MINUS_ONE]); // Name = 1, Soft = 2, Hard = 3
    let meta = bytes(&[
        b"\x0a\x02sh",           // args = 1
        b"\x12\x03A=b",          // env = 2
        b"\x1a\x01/",            // cwd = 3
        b"\x22\x011",            // user = 4
        b"\x3a\x01h",            // hostname = 7
        &field(b"\x4a", &limit), // ulimit = 9
        b"\x52\x01g",            // cgroupParent = 10
        b"\x58\x01",             // removeMountStubsRecursive = 11
        b"\x62\x03\x00\xc8\x01", // validExitCodes = 12, packed
    ]);
    let exec = bytes(&[
        &field(b"\x0a", &meta), // meta = 1
        &field(b"\x12", root),  // mounts = 2
        &field(b"\x12", &cache),
        b"\x18\x02",                           // network = 3, NONE
        b"\x20\x01",                           // security = 4, INSECURE
        b"\x2a\x08\x0a\x01i\x12\x01n\x18\x01", // secretenv = 5 { ID = 1, name = 2, optional = 3 }
    ]);
    let expected = bytes(&[
        b"\x0a\x0d\x0a\x09sha256:aa\x10\x01", // inputs = 1 { digest = 1, index = 2 }
        &field(b"\x12", &exec),               // exec = 2
        b"\x52\x10\x0a\x03arm\x12\x05linux\x1a\x02v7", // platform = 10
        b"\x5a\x00",                          // constraints = 11, empty but written
    ]);
    assert_wire(&op, &expected);
}

#[test]
fn the_other_kinds_of_mounts_keep_their_options_under_their_own_numbers() {
    let mount = |kind: pb::MountType| pb::Mount {
        mount_type: kind.into(),
        ..pb::Mount::default()
    };
    let tmpfs = pb::Mount {
        tmpfs_opt: Some(pb::TmpfsOpt { size: 64 }),
        ..mount(pb::MountType::Tmpfs)
    };
    assert_wire(&tmpfs, b"\x30\x04\x9a\x01\x02\x08\x40");
    let secret = pb::Mount {
        secret_opt: Some(pb::SecretOpt {
            id: "i".to_owned(),
            uid: 1,
            gid: 2,
            mode: 0o400,
            optional: true,
        }),
        ..mount(pb::MountType::Secret)
    };
    assert_wire(
        &secret,
        b"\x30\x01\xaa\x01\x0c\x0a\x01i\x10\x01\x18\x02\x20\x80\x02\x28\x01",
    );
    let ssh = pb::Mount {
        ssh_opt: Some(pb::SshOpt {
            id: "i".to_owned(),
            uid: 1,
            gid: 2,
            mode: 0o600,
            optional: true,
        }),
        ..mount(pb::MountType::Ssh)
    };
    assert_wire(
        &ssh,
        b"\x30\x02\xb2\x01\x0c\x0a\x01i\x10\x01\x18\x02\x20\x80\x03\x28\x01",
    );
    let of_a_result = pb::Mount {
        result_id: "r".to_owned(),
        ..pb::Mount::default()
    };
    assert_wire(&of_a_result, b"\xba\x01\x01r");
}

#[test]
fn the_environment_that_is_not_in_the_key_is_where_buildkit_leaves_it_out() {
    let meta = pb::Meta {
        proxy_env: Some(pb::ProxyEnv {
            http_proxy: "a".to_owned(),
            https_proxy: "b".to_owned(),
            ftp_proxy: "c".to_owned(),
            no_proxy: "d".to_owned(),
            all_proxy: "e".to_owned(),
        }),
        extra_hosts: vec![pb::HostIp {
            host: "h".to_owned(),
            ip: "1".to_owned(),
        }],
        ..pb::Meta::default()
    };
    let expected =
        b"\x2a\x0f\x0a\x01a\x12\x01b\x1a\x01c\x22\x01d\x2a\x01e\x32\x06\x0a\x01h\x12\x011";
    assert_wire(&meta, expected);
}

#[test]
fn attributes_of_a_source_are_sorted_by_name() {
    let source = pb::SourceOp {
        identifier: "local://c".to_owned(),
        attrs: map([
            ("local.session", "s"),
            ("local.differ", "none"),
            ("local.followpaths", "[]"),
        ]),
    };
    let op = pb::Op {
        op: Some(pb::op::Op::Source(source)),
        ..pb::Op::default()
    };
    let source = bytes(&[
        b"\x0a\x09local://c",
        b"\x12\x14\x0a\x0clocal.differ\x12\x04none",
        b"\x12\x17\x0a\x11local.followpaths\x12\x02[]",
        b"\x12\x12\x0a\x0dlocal.session\x12\x01s",
    ]);
    assert_wire(&op, &field(b"\x1a", &source));
}

#[test]
fn file_actions_number_their_inputs_and_keep_minus_one_for_none() {
    let owner = pb::ChownOpt {
        // Number 0 is written: it is one of two alternatives.
        user: Some(pb::UserOpt {
            user: Some(pb::user_opt::User::ById(0)),
        }),
        group: Some(pb::UserOpt {
            user: Some(pb::user_opt::User::ByName(pb::NamedUserOpt {
                name: "g".to_owned(),
                input: -1,
            })),
        }),
    };
    let group = bytes(&[b"\x0a\x01g\x10", MINUS_ONE]); // name = 1, input = 2
    let owner_bytes = bytes(&[
        b"\x0a\x02\x10\x00",                      // user = 1 { byID = 2 }
        &field(b"\x12", &field(b"\x0a", &group)), // group = 2 { byName = 1 }
    ]);
    let action = |action| pb::FileAction {
        input: -1,
        secondary_input: -1,
        output: 0,
        action: Some(action),
    };
    let none = bytes(&[b"\x08", MINUS_ONE, b"\x10", MINUS_ONE]);

    let mkfile = pb::FileActionMkFile {
        path: "/f".to_owned(),
        mode: 0o755,
        data: b"x".to_vec(),
        owner: Some(owner.clone()),
        timestamp: 1,
    };
    let expected = bytes(&[
        b"\x0a\x02/f\x10\xed\x03\x1a\x01x",
        &field(b"\x22", &owner_bytes),
        b"\x28\x01",
    ]);
    assert_wire(
        &action(pb::file_action::Action::Mkfile(mkfile)),
        &bytes(&[&none, &field(b"\x2a", &expected)]),
    );

    let mkdir = pb::FileActionMkDir {
        path: "/d".to_owned(),
        mode: 0o755,
        make_parents: true,
        owner: Some(owner.clone()),
        timestamp: -1,
    };
    let expected = bytes(&[
        b"\x0a\x02/d\x10\xed\x03\x18\x01",
        &field(b"\x22", &owner_bytes),
        b"\x28",
        MINUS_ONE,
    ]);
    assert_wire(
        &action(pb::file_action::Action::Mkdir(mkdir)),
        &bytes(&[&none, &field(b"\x32", &expected)]),
    );

    let rm = pb::FileActionRm {
        path: "/r".to_owned(),
        allow_not_found: true,
        allow_wildcard: true,
    };
    let expected = bytes(&[&none, b"\x3a\x08\x0a\x02/r\x10\x01\x18\x01"]);
    assert_wire(&action(pb::file_action::Action::Rm(rm)), &expected);

    let symlink = pb::FileActionSymlink {
        oldpath: "o".to_owned(),
        newpath: "/n".to_owned(),
        owner: None,
        timestamp: 1,
    };
    let expected = bytes(&[&none, b"\x42\x09\x0a\x01o\x12\x02/n\x20\x01"]);
    assert_wire(
        &action(pb::file_action::Action::Symlink(symlink)),
        &expected,
    );
}

#[test]
fn a_copy_has_all_its_switches_under_their_numbers() {
    let copy = pb::FileActionCopy {
        src: "/s".to_owned(),
        dest: "/d".to_owned(),
        owner: Some(pb::ChownOpt::default()),
        mode: -1,
        follow_symlink: true,
        dir_copy_contents: true,
        attempt_unpack_docker_compatibility: true,
        create_dest_path: true,
        allow_wildcard: true,
        allow_empty_wildcard: true,
        timestamp: -1,
        include_patterns: vec!["i".to_owned()],
        exclude_patterns: vec!["e".to_owned()],
        always_replace_existing_dest_paths: true,
        mode_str: "m".to_owned(),
        required_paths: vec!["r".to_owned()],
    };
    let copy_bytes = bytes(&[
        b"\x0a\x02/s\x12\x02/d\x1a\x00\x20", // src = 1, dest = 2, owner = 3, mode = 4
        MINUS_ONE,
        b"\x28\x01\x30\x01\x38\x01\x40\x01\x48\x01\x50\x01\x58", // 5 to 10, timestamp = 11
        MINUS_ONE,
        b"\x62\x01i\x6a\x01e\x70\x01\x7a\x01m\x82\x01\x01r", // 12 to 16
    ]);
    let op = pb::FileOp {
        actions: vec![pb::FileAction {
            input: 1,
            secondary_input: 2,
            output: -1,
            action: Some(pb::file_action::Action::Copy(copy)),
        }],
    };
    let action = bytes(&[
        b"\x08\x01\x10\x02\x18",
        MINUS_ONE,
        &field(b"\x22", &copy_bytes),
    ]);
    assert_wire(&op, &field(b"\x12", &action)); // actions = 2
}

#[test]
fn merge_and_diff_refer_to_their_inputs_by_number() {
    let inputs = vec![pb::MergeInput { input: 0 }, pb::MergeInput { input: 1 }];
    let merge = pb::Op {
        op: Some(pb::op::Op::Merge(pb::MergeOp { inputs })),
        ..pb::Op::default()
    };
    assert_wire(&merge, b"\x32\x06\x0a\x00\x0a\x02\x08\x01");

    let diff = pb::DiffOp {
        lower: Some(pb::LowerDiffInput { input: -1 }),
        upper: Some(pb::UpperDiffInput { input: 0 }),
    };
    let diff = pb::Op {
        op: Some(pb::op::Op::Diff(diff)),
        ..pb::Op::default()
    };
    let lower = bytes(&[b"\x08", MINUS_ONE]);
    let expected = bytes(&[&field(b"\x0a", &lower), b"\x12\x00"]);
    assert_wire(&diff, &field(b"\x3a", &expected));
}

#[test]
fn a_definition_has_operations_metadata_and_places() {
    let metadata = pb::OpMetadata {
        ignore_cache: true,
        description: map([("llb.customname", "n")]),
        export_cache: Some(pb::ExportCache { value: true }),
        caps: [("c".to_owned(), true)].into(),
        progress_group: Some(pb::ProgressGroup {
            id: "i".to_owned(),
            name: "n".to_owned(),
            weak: true,
        }),
        linux_resources: Some(pb::LinuxResources {
            memory: 1,
            memory_swap: 2,
            cpu_shares: 3,
            cpu_period: 4,
            cpu_quota: 5,
            cpuset_cpus: "6".to_owned(),
            cpuset_mems: "7".to_owned(),
        }),
    };
    let metadata_bytes = bytes(&[
        b"\x08\x01",                                                           // ignore_cache = 1
        b"\x12\x13\x0a\x0ellb.customname\x12\x01n",                            // description = 2
        b"\x22\x02\x08\x01",                                                   // export_cache = 4
        b"\x2a\x05\x0a\x01c\x10\x01",                                          // caps = 5
        b"\x32\x08\x0a\x01i\x12\x01n\x18\x01",                                 // progress_group = 6
        b"\x3a\x10\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x32\x016\x3a\x017", // linux_resources = 7
    ]);
    assert_wire(&metadata, &metadata_bytes);

    let range = pb::Range {
        start: Some(pb::Position {
            line: 1,
            character: 2,
        }),
        end: Some(pb::Position {
            line: 3,
            character: 0,
        }),
    };
    let range_bytes = b"\x0a\x04\x08\x01\x10\x02\x12\x02\x08\x03";
    let source = pb::Source {
        locations: [(
            "d".to_owned(),
            pb::Locations {
                locations: vec![pb::Location {
                    source_index: 1,
                    ranges: vec![range],
                }],
            },
        )]
        .into(),
        infos: vec![pb::SourceInfo {
            filename: "f".to_owned(),
            data: b"t".to_vec(),
            definition: None,
            language: "l".to_owned(),
        }],
    };
    let location = bytes(&[b"\x08\x01", &field(b"\x12", range_bytes)]);
    let entry = bytes(&[b"\x0a\x01d", &field(b"\x12", &field(b"\x0a", &location))]);
    let source_bytes = bytes(&[
        &field(b"\x0a", &entry),
        b"\x12\x09\x0a\x01f\x12\x01t\x22\x01l",
    ]);
    assert_wire(&source, &source_bytes);

    let definition = pb::Definition {
        def: vec![b"o".to_vec(), Vec::new()],
        metadata: [(
            "d".to_owned(),
            pb::OpMetadata {
                ignore_cache: true,
                ..pb::OpMetadata::default()
            },
        )]
        .into(),
        source: Some(source),
    };
    let expected = bytes(&[
        b"\x0a\x01o\x0a\x00\x12\x07\x0a\x01d\x12\x02\x08\x01",
        &field(b"\x1a", &source_bytes),
    ]);
    assert_wire(&definition, &expected);
}

#[test]
fn a_solve_says_what_it_wants_back() {
    let request = frontend::SolveRequest {
        definition: Some(pb::Definition::default()),
        frontend: "f".to_owned(),
        frontend_opt: map([("b", "2"), ("a", "1")]),
        allow_result_return: true,
        allow_result_array_ref: true,
        cache_imports: vec![frontend::CacheOptionsEntry {
            r#type: "t".to_owned(),
            attrs: map([("k", "v")]),
        }],
        frontend_inputs: [("i".to_owned(), pb::Definition::default())].into(),
        evaluate: true,
        source_policies: Vec::new(),
    };
    let expected = bytes(&[
        b"\x0a\x00\x12\x01f", // Definition = 1, Frontend = 2
        b"\x1a\x06\x0a\x01a\x12\x011\x1a\x06\x0a\x01b\x12\x012", // FrontendOpt = 3
        b"\x28\x01\x30\x01",  // allowResultReturn = 5, allowResultArrayRef = 6
        b"\x62\x0b\x0a\x01t\x12\x06\x0a\x01k\x12\x01v", // CacheImports = 12
        b"\x6a\x05\x0a\x01i\x12\x00", // FrontendInputs = 13
        b"\x70\x01",          // Evaluate = 14
    ]);
    // An empty message in a map is written by Go and not by prost; both read both.
    assert_eq!(
        frontend::SolveRequest::decode(expected.as_slice()),
        Ok(request)
    );

    let result = frontend::Result {
        result: Some(frontend::result::Result::Ref(frontend::Ref {
            id: "r".to_owned(),
            def: None,
        })),
        metadata: [("k".to_owned(), b"v".to_vec())].into(),
        attestations: BTreeMap::new(),
    };
    let response = frontend::SolveResponse {
        r#ref: String::new(),
        result: Some(result.clone()),
    };
    assert_wire(
        &response,
        b"\x1a\x0d\x1a\x03\x0a\x01r\x52\x06\x0a\x01k\x12\x01v",
    );

    let status = rpc::Status {
        code: 2,
        message: "m".to_owned(),
        details: vec![prost_types::Any {
            type_url: "t".to_owned(),
            value: b"v".to_vec(),
        }],
    };
    let returned = frontend::ReturnRequest {
        result: Some(result),
        error: Some(status),
    };
    let expected = bytes(&[
        b"\x0a\x0d\x1a\x03\x0a\x01r\x52\x06\x0a\x01k\x12\x01v", // result = 1 { ref = 3, metadata = 10 }
        b"\x12\x0d\x08\x02\x12\x01m\x1a\x06\x0a\x01t\x12\x01v", // error = 2 { code = 1, message = 2, details = 3 }
    ]);
    assert_wire(&returned, &expected);

    let several = frontend::Result {
        result: Some(frontend::result::Result::Refs(frontend::RefMap {
            refs: [(
                "p".to_owned(),
                frontend::Ref {
                    id: "r".to_owned(),
                    def: None,
                },
            )]
            .into(),
        })),
        metadata: BTreeMap::new(),
        attestations: [(
            "p".to_owned(),
            frontend::Attestations {
                attestation: vec![frontend::Attestation {
                    kind: frontend::AttestationKind::Bundle.into(),
                    path: "/a".to_owned(),
                    in_toto_predicate_type: "t".to_owned(),
                    in_toto_subjects: vec![frontend::InTotoSubject {
                        kind: frontend::InTotoSubjectKind::Raw.into(),
                        digest: vec!["d".to_owned()],
                        name: "n".to_owned(),
                    }],
                    ..frontend::Attestation::default()
                }],
            },
        )]
        .into(),
    };
    let attestation = b"\x08\x01\x22\x02/a\x2a\x01t\x32\x08\x08\x01\x12\x01d\x1a\x01n";
    let entry = bytes(&[b"\x0a\x01p", &field(b"\x12", &field(b"\x0a", attestation))]);
    let expected = bytes(&[
        b"\x22\x0a\x0a\x08\x0a\x01p\x12\x03\x0a\x01r",
        &field(b"\x62", &entry),
    ]);
    assert_wire(&several, &expected);
}

#[test]
fn files_of_a_result_are_asked_for_and_told_of() {
    let request = frontend::ReadFileRequest {
        r#ref: "r".to_owned(),
        file_path: "f".to_owned(),
        range: Some(frontend::FileRange {
            offset: 1,
            length: 2,
        }),
        mount_index: 3,
    };
    assert_wire(
        &request,
        b"\x0a\x01r\x12\x01f\x1a\x04\x08\x01\x10\x02\x20\x03",
    );
    assert_wire(
        &frontend::ReadFileResponse {
            data: b"x".to_vec(),
        },
        b"\x0a\x01x",
    );
    let request = frontend::ReadDirRequest {
        r#ref: "r".to_owned(),
        dir_path: "d".to_owned(),
        include_pattern: "p".to_owned(),
        mount_index: 1,
    };
    assert_wire(&request, b"\x0a\x01r\x12\x01d\x1a\x01p\x20\x01");
    let request = frontend::StatFileRequest {
        r#ref: "r".to_owned(),
        path: "p".to_owned(),
        mount_index: 1,
    };
    assert_wire(&request, b"\x0a\x01r\x12\x01p\x18\x01");
    let stat = fsutil::types::Stat {
        path: "p".to_owned(),
        mode: 1 << 31,
        uid: 3,
        gid: 4,
        size: 5,
        mod_time: 6,
        linkname: "7".to_owned(),
        devmajor: 8,
        devminor: 9,
        xattrs: [("k".to_owned(), b"v".to_vec())].into(),
    };
    let stat_bytes = b"\x0a\x01p\x10\x80\x80\x80\x80\x08\x18\x03\x20\x04\x28\x05\x30\x06\x3a\x017\x40\x08\x48\x09\x52\x06\x0a\x01k\x12\x01v";
    assert_wire(&stat, stat_bytes);
    assert_wire(
        &frontend::StatFileResponse {
            stat: Some(stat.clone()),
        },
        &field(b"\x0a", stat_bytes),
    );
    assert_wire(
        &frontend::ReadDirResponse {
            entries: vec![stat],
        },
        &field(b"\x0a", stat_bytes),
    );
    assert_wire(
        &frontend::EvaluateRequest {
            r#ref: "r".to_owned(),
        },
        b"\x0a\x01r",
    );
}

#[test]
fn images_and_sources_are_resolved_by_their_own_fields() {
    let platform = pb::Platform {
        os: "o".to_owned(),
        ..pb::Platform::default()
    };
    let request = frontend::ResolveImageConfigRequest {
        r#ref: "r".to_owned(),
        platform: Some(platform.clone()),
        resolve_mode: "m".to_owned(),
        log_name: "l".to_owned(),
        resolver_type: 1,
        session_id: "s".to_owned(),
        store_id: "t".to_owned(),
        source_policies: Vec::new(),
    };
    let expected = b"\x0a\x01r\x12\x03\x12\x01o\x1a\x01m\x22\x01l\x28\x01\x32\x01s\x3a\x01t";
    assert_wire(&request, expected);
    let response = frontend::ResolveImageConfigResponse {
        digest: "d".to_owned(),
        config: b"c".to_vec(),
        r#ref: "r".to_owned(),
    };
    assert_wire(&response, b"\x0a\x01d\x12\x01c\x1a\x01r");

    let request = frontend::ResolveSourceMetaRequest {
        source: Some(pb::SourceOp {
            identifier: "i".to_owned(),
            ..pb::SourceOp::default()
        }),
        platform: Some(platform),
        log_name: "l".to_owned(),
        resolve_mode: "m".to_owned(),
        git: Some(frontend::ResolveSourceGitRequest {
            return_object: true,
        }),
        image: Some(frontend::ResolveSourceImageRequest {
            no_config: true,
            ..Default::default()
        }),
        http: Some(frontend::ResolveSourceHttpRequest {
            checksum_request: Some(frontend::ChecksumRequest {
                algo: frontend::ChecksumAlgo::Sha512.into(),
                suffix: b"x".to_vec(),
            }),
        }),
        source_policies: Vec::new(),
    };
    let expected = b"\x0a\x03\x0a\x01i\x12\x03\x12\x01o\x1a\x01l\x22\x01m\x2a\x02\x08\x01\x32\x02\x08\x01\x3a\x07\x0a\x05\x08\x02\x12\x01x";
    assert_wire(&request, expected);

    let response = frontend::ResolveSourceMetaResponse {
        source: None,
        image: Some(frontend::ResolveSourceImageResponse {
            digest: "d".to_owned(),
            config: b"c".to_vec(),
        }),
        git: Some(frontend::ResolveSourceGitResponse {
            checksum: "c".to_owned(),
            r#ref: "r".to_owned(),
            commit_checksum: "o".to_owned(),
            commit_object: b"b".to_vec(),
            tag_object: b"t".to_vec(),
        }),
        http: Some(frontend::ResolveSourceHttpResponse {
            checksum: "c".to_owned(),
            filename: "f".to_owned(),
            last_modified: Some(prost_types::Timestamp {
                seconds: 1,
                nanos: 0,
            }),
            checksum_response: None,
        }),
    };
    let expected = bytes(&[
        b"\x12\x06\x0a\x01d\x12\x01c",
        b"\x1a\x0f\x0a\x01c\x12\x01r\x1a\x01o\x22\x01b\x2a\x01t",
        b"\x22\x0a\x0a\x01c\x12\x01f\x1a\x02\x08\x01",
    ]);
    assert_wire(&response, &expected);
}

#[test]
fn what_the_daemon_says_of_itself_is_understood() {
    let pong = frontend::PongResponse {
        frontend_api_caps: vec![apicaps::ApiCap {
            id: "a".to_owned(),
            enabled: true,
            ..Default::default()
        }],
        llb_caps: vec![apicaps::ApiCap {
            id: "b".to_owned(),
            enabled: false,
            deprecated: true,
            disabled_reason: "r".to_owned(),
            disabled_reason_msg: "m".to_owned(),
            disabled_alternative: "x".to_owned(),
        }],
        workers: vec![types::WorkerRecord {
            id: "w".to_owned(),
            labels: map([("k", "v")]),
            platforms: vec![pb::Platform {
                os: "o".to_owned(),
                ..pb::Platform::default()
            }],
        }],
    };
    let expected = bytes(&[
        b"\x0a\x05\x0a\x01a\x10\x01",
        b"\x12\x0e\x0a\x01b\x18\x01\x22\x01r\x2a\x01m\x32\x01x",
        b"\x1a\x10\x0a\x01w\x12\x06\x0a\x01k\x12\x01v\x1a\x03\x12\x01o",
    ]);
    assert_wire(&pong, &expected);
    let inputs = frontend::InputsResponse {
        definitions: [(
            "c".to_owned(),
            pb::Definition {
                def: vec![b"o".to_vec()],
                ..Default::default()
            },
        )]
        .into(),
    };
    assert_wire(&inputs, b"\x0a\x08\x0a\x01c\x12\x03\x0a\x01o");
}

#[test]
fn a_warning_names_its_vertex_and_its_lines() {
    let warning = frontend::WarnRequest {
        digest: "d".to_owned(),
        level: 1,
        short: b"s".to_vec(),
        detail: vec![b"e".to_vec()],
        url: "u".to_owned(),
        info: Some(pb::SourceInfo {
            filename: "f".to_owned(),
            ..pb::SourceInfo::default()
        }),
        ranges: vec![pb::Range {
            start: Some(pb::Position {
                line: 1,
                character: 0,
            }),
            end: None,
        }],
    };
    let expected =
        b"\x0a\x01d\x10\x01\x1a\x01s\x22\x01e\x2a\x01u\x32\x03\x0a\x01f\x3a\x04\x0a\x02\x08\x01";
    assert_wire(&warning, expected);
}

#[test]
fn what_is_left_out_of_the_proto_files_does_not_disturb_what_is_in() {
    // A source operation with a platform, constraints and a field 12 that nobody knows.
    let bytes = b"\x1a\x03\x0a\x01i\x5a\x00\x62\x01x";
    let op = pb::Op::decode(bytes.as_slice()).expect("unknown fields are skipped");
    assert_eq!(op.encode_to_vec(), b"\x1a\x03\x0a\x01i\x5a\x00");
}
