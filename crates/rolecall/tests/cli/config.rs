//! `rolecall.yaml`: the schema, the documentation and the parser agree, and its effects.

use std::fs;

use insta::assert_snapshot;
use rolecall_check::CheckConfig;
use rolecall_yaml as yaml;
use serde::Deserialize;
use serde_json::Value;

use crate::command::{Ran, command, root, run, split};
use crate::schemas::validator;

/// Parses a file like the command does.
fn read(text: &str) -> Result<CheckConfig, String> {
    let documents = yaml::parse(text, 1).map_err(|error| error.to_string())?;
    CheckConfig::deserialize(documents[0].root()).map_err(|error| error.to_string())
}

/// Parses a file like a JSON Schema validator does.
fn json(text: &str) -> Value {
    Value::deserialize(yaml::parse(text, 1).unwrap()[0].root()).unwrap()
}

#[test]
fn every_example_is_valid() {
    let document = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let validator = validator("check-config");
    let blocks = document.split("```yaml\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let examples = blocks.filter(|block| block.starts_with("apiVersion: rolecall.dev"));
    let mut examples: Vec<String> = examples.map(str::to_owned).collect();
    examples.push(fs::read_to_string(root().join("docs/examples/rolecall.yaml")).unwrap());
    assert!(examples.len() > 1);
    for example in &examples {
        read(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
        let errors: Vec<String> =
            validator.iter_errors(&json(example)).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{example}");
    }
}

/// Valid expectations.
const READ: &[&str] = &[
    "{subjects: [user/a], only: []}",
    "{subjects: ['sa/*:*', 'group/*'], except: [group/b], can: [get pods], optional: true}",
    "{subjects: [system:serviceaccount:a:b], cannot: ['* * in *'], name: a, reason: b}",
    "{subjects: [serviceaccount/a:b, users/a, groups/a], can: ['get,list pods,pods/log in a,<own>']}",
    "{subjects: [user/a], can: ['get /metrics,/healthz/*'], namespaces: [a, b-*, <own>]}",
    "{subjects: [{serviceAccounts: {}}, {workloads: {kinds: [Job], names: [a*]}}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {selector: {matchLabels: {a: b}}}}], can: [get pods]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [pods], apiGroups: ['', apps]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [pods], resourceNames: ['', a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], nonResourceURLs: ['*']}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], namespaces: [{matchExpressions: [{key: a, operator: Exists}]}]}]}",
];

/// Invalid expectations.
const REFUSED: &[&str] = &[
    "{subjects: [], can: [get pods]}",
    "{can: [get pods]}",
    "{subjects: [user/a]}",
    "{subjects: [user/a], can: []}",
    "{subjects: [user/a], can: [get pods], kan: []}",
    "{subjects: [a], can: [get pods]}",
    "{subjects: [user/], can: [get pods]}",
    "{subjects: [sa/a], can: [get pods]}",
    "{subjects: ['sa/:a'], can: [get pods]}",
    "{subjects: [deploy/a], can: [get pods]}",
    "{subjects: [{}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {}, workloads: {}}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {kinds: [a]}}], can: [get pods]}",
    "{subjects: [{workloads: {namespaces: [<own>]}}], can: [get pods]}",
    "{subjects: [user/a], can: [pods]}",
    "{subjects: [user/a], can: [get pods in]}",
    "{subjects: [user/a], can: [get pods at a]}",
    "{subjects: [user/a], can: ['get,,list pods']}",
    "{subjects: [user/a], can: ['get /metrics in a']}",
    "{subjects: [user/a], can: [{verbs: [], resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [''], resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: ['']}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], apiGroups: []}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], namespaces: []}]}",
    "{subjects: [user/a], can: [get pods], namespaces: []}",
    "{subjects: [user/a], can: [{resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [get]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], nonResourceURLs: [/a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], nonResourceURLs: [/a], namespaces: [a]}]}",
    "{subjects: [user/a], can: [get pods], namespaces: ['']}",
    "{subjects: [user/a], can: [get pods], namespaces: a}",
    "{subjects: [user/a], can: [get pods], namespaces: [{matchLabels: {a: 1}}]}",
    "{subjects: [user/a], can: [get pods], namespaces: [{matchExpressions: [{key: a, operator: Is}]}]}",
    "{subjects: [user/a], can: [get pods], optional: sometimes}",
];

#[test]
fn the_schema_and_the_parser_accept_the_same_expectations() {
    let validator = validator("check-config");
    let files = READ.iter().map(|text| (text, true));
    for (expectation, expected) in files.chain(REFUSED.iter().map(|text| (text, false))) {
        let text = format!(
            "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexpectations:\n- {expectation}\n"
        );
        assert_eq!(read(&text).is_ok(), expected, "{expectation}: {:?}", read(&text));
        assert_eq!(validator.is_valid(&json(&text)), expected, "schema: {expectation}");
    }
}

/// Other fields, and whether they are valid.
const FIELDS: &[(&str, bool)] = &[
    ("", true),
    ("expectations: []", true),
    ("severities: {RC510: low, secret-listing: critical}", true),
    ("suppressions: [{codes: [RC510, RC511], reason: a}]", true),
    ("suppressions: [{codes: [RC510], object: 'Role shop/*', path: '*.yaml', reason: a}]", true),
    ("suppressions: [{codes: [RC510], reason: a, expires: 2027-02-28}]", true),
    ("external: []", true),
    ("external: [ClusterRole system:openshift:*, Role shop/reader, ServiceAccount vault/*]", true),
    (
        "external: [clusterrole/a, clusterroles/a, role/a/b, roles/a/b, sa/a/b, serviceaccounts/a/*]",
        true,
    ),
    ("external: [ClusterRole]", false),
    ("external: [ClusterRole a/b]", false),
    ("external: ['ClusterRole a b']", false),
    ("external: [ServiceAccount a]", false),
    ("external: [ServiceAccount a/b/c]", false),
    ("external: [ServiceAccount /b]", false),
    ("external: [Deployment a/b]", false),
    ("external: [{kind: ClusterRole, name: a}]", false),
    ("external: ClusterRole a", false),
    ("more: 1", false),
    ("severities: {RC510: bad}", false),
    ("severities: [RC510]", false),
    ("suppressions: [{codes: [], reason: a}]", false),
    ("suppressions: [{reason: a}]", false),
    ("suppressions: [{codes: [RC510]}]", false),
    ("suppressions: [{codes: [RC510], reason: ''}]", false),
    ("suppressions: [{codes: [RC510], reason: ' '}]", false),
    ("suppressions: [{codes: [RC510], reason: a, object: ''}]", false),
    ("suppressions: [{codes: [RC510], reason: a, path: ''}]", false),
    ("suppressions: [{codes: [RC510], reason: a, until: 2027-02-28}]", false),
    ("suppressions: [{codes: [RC510], reason: a, expires: soon}]", false),
    ("suppressions: [{codes: [RC510], reason: a, expires: 2027-13-01}]", false),
];

#[test]
fn the_schema_and_the_parser_accept_the_same_fields() {
    let validator = validator("check-config");
    let files = FIELDS.iter().map(|(fields, expected)| {
        (format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\n{fields}\n"), *expected)
    });
    let heads = ["apiVersion: rolecall.dev/v2\nkind: CheckConfig", "kind: CheckConfig"]
        .into_iter()
        .chain(["apiVersion: rolecall.dev/v1\nkind: Config", "apiVersion: rolecall.dev/v1"]);
    for (file, expected) in files.chain(heads.map(|head| (head.to_owned(), false))) {
        assert_eq!(read(&file).is_ok(), expected, "{file}: {:?}", read(&file));
        assert_eq!(validator.is_valid(&json(&file)), expected, "schema: {file}");
    }
}

/// A schema cannot check that the codes of severities and suppressions exist.
#[test]
fn unknown_codes_are_rejected() {
    for fields in ["severities: {RC999: low}", "suppressions: [{codes: [secrets], reason: a}]"] {
        let file = format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\n{fields}\n");
        assert!(read(&file).is_err(), "{fields}");
    }
}

/// Runs a check in a directory with these files.
fn check_in(files: &[(&str, &str)], arguments: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut command = command();
    command.args(split(arguments)).current_dir(folder.path());
    run(&mut command, "")
}

const READER: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- {apiGroups: [''], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: User, name: jane}]
";

fn config(fields: &str) -> String {
    format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\n{fields}")
}

#[test]
fn every_kind_of_failure_is_a_finding_at_its_entry() {
    let config = config(
        "expectations:
- name: jane reads Pods
  subjects: [user/jane]
  namespaces: [shop]
  can: [get secrets, 'get,list pods']
- subjects: [user/jane]
  cannot:
  - get pods
  - '* secrets in *'
- name: nothing
  subjects: [user/jane]
  only: []
- subjects: ['user/j?ne', 'group/*']
  except: [user/jane]
  can: [get pods]
- subjects: [user/jane]
  cannot: [get pod/exce]
",
    );
    let files = [("deploy/a.yaml", READER), ("deploy/rolecall.yaml", &*config)];
    assert_snapshot!(check_in(&files, "check deploy --severity medium"), @r#"
    CODE    SEVERITY   WHERE                     OBJECT                          FINDING
    RC601   high       deploy/rolecall.yaml:7    Expectation jane reads Pods     can[1]: `user/jane` cannot get,list pods in namespace shop, which violates `jane reads Pods`; nearly granted by ClusterRole view (default), but no binding grants it to user/jane; grant it: `rolecall fix get,list pods --for user/jane -n shop -f deploy --out-dir rbac`
    RC602   high       deploy/rolecall.yaml:11   Expectation user/jane           cannot[1]: `user/jane` can get secrets in namespace shop; granted by RoleBinding shop/reader (deploy/a.yaml:7), Role shop/reader (deploy/a.yaml:1), rules[0]; remove it from the role, or the subject from the binding
    RC603   high       deploy/rolecall.yaml:14   Expectation nothing             only: `user/jane` can get secrets in namespace shop, which `only` does not include, which violates `nothing`; granted by RoleBinding shop/reader (deploy/a.yaml:7), Role shop/reader (deploy/a.yaml:1), rules[0]; remove it from the role, or the subject from the binding
    RC510   medium     deploy/a.yaml:5           Role shop/reader                rules[0]: its holders can read any Secret whose name they know, in namespace `shop`; limit the rule with `resourceNames`, or mount the required Secrets
    RC605   medium     deploy/rolecall.yaml:15   Expectation user/j?ne,group/*   subjects: the subjects of the expectation match nobody; correct the pattern, or set `optional: true` if it does not have to match
    RC606   medium     deploy/rolecall.yaml:19   Expectation user/jane           cannot[0]: `pods` has no subresource `exce`, in the expectation

    6 findings: 3 high, 3 medium
    checked 3 objects in 2 files
    --- stderr
    note: configured by deploy/rolecall.yaml
    hint: run `rolecall explain RC601` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn unread_input_leaves_an_expectation_open() {
    let config = config("expectations: [{subjects: [user/joe], cannot: [get secrets in shop]}]\n");
    let files = [
        ("a.yaml", READER),
        ("b.yaml", "kind: RoleBinding\n apiVersion: v1\n"),
        ("rolecall.yaml", &*config),
    ];
    assert_snapshot!(check_in(&files, "check . --severity high --keep-going"), @r#"
    CODE    SEVERITY   WHERE             OBJECT                 FINDING
    RC604   high       rolecall.yaml:3   Expectation user/joe   cannot[0]: unknown whether `cannot` holds for `user/joe`, unread: a RoleBinding at b.yaml:2: a `:` is not allowed here: check the indentation, or quote the string; make sure that rolecall can read this input, and check again

    1 finding: 1 high
    not read: a RoleBinding at b.yaml:2: a `:` is not allowed here: check the indentation, or quote the string
    checked 3 objects in 2 files; 1 file contains none
    --- stderr
    note: configured by rolecall.yaml
    warning: b.yaml:2:12: a `:` is not allowed here: check the indentation, or quote the string
    hint: run `rolecall explain RC604` to read what this means and how to fix it
    --- exit 3
    "#);
}

/// `rolecall.yml` works too, and two files are reported.
#[test]
fn a_configuration_can_be_named_yml() {
    let mild = config("severities: {RC510: info}\n");
    let files = [("a.yaml", READER), ("rolecall.yml", &*mild)];
    assert_snapshot!(check_in(&files, "check . --severity medium"), @r#"
    nothing found of medium severity or above
    checked 3 objects in 2 files
    --- stderr
    note: configured by rolecall.yml
    --- exit 0
    "#);
    let strict = config("severities: {RC510: critical}\n");
    let files = [("a.yaml", READER), ("rolecall.yml", &*mild), ("rolecall.yaml", &*strict)];
    assert_snapshot!(check_in(&files, "check . --severity medium"), @r#"
    CODE    SEVERITY   WHERE      OBJECT             FINDING
    RC510   critical   a.yaml:5   Role shop/reader   rules[0]: its holders can read any Secret whose name they know, in namespace `shop`; limit the rule with `resourceNames`, or mount the required Secrets

    1 finding: 1 critical
    checked 4 objects in 3 files
    --- stderr
    warning: ignoring `rolecall.yml`: `rolecall.yaml` takes precedence
    note: configured by rolecall.yaml
    hint: run `rolecall explain RC510` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn a_configuration_is_found_in_a_checked_path_or_the_working_directory() {
    let excuse = config("suppressions: [{codes: [RC510], reason: a}]\n");
    for (place, arguments, found) in [
        ("deploy/rolecall.yaml", "check deploy", true),
        ("rolecall.yaml", "check deploy", true),
        ("rolecall.yaml", "check deploy/a.yaml", true),
        ("rolecall.yaml", "check .", true),
        ("deploy/rolecall.yaml", "check .", false),
        ("deploy/more/rolecall.yaml", "check deploy", false),
        ("other/x.yaml", "check deploy", false),
        ("other/x.yaml", "check deploy --expectations other/x.yaml", true),
        ("other/x.yaml", "check deploy --config other/x.yaml", true),
    ] {
        let files = [("deploy/a.yaml", READER), (place, &*excuse)];
        let ran = check_in(&files, &format!("{arguments} --severity medium"));
        assert_eq!(ran.exit, Some(if found { 0 } else { 1 }), "{place} {arguments}: {ran}");
    }
    // An explicit file is used alone, and one in a checked path takes precedence over the working
    // directory's.
    let other = config("severities: {RC510: info}\n");
    let files = [("deploy/a.yaml", READER), ("rolecall.yaml", &*excuse), ("other.yaml", &*other)];
    assert_eq!(check_in(&files, "check deploy --config other.yaml").exit, Some(0));
    let files = [("deploy/a.yaml", READER), ("deploy/rolecall.yaml", &*other)];
    let ran = check_in(&files, "check deploy -q -o json");
    assert!(ran.stdout.contains("\"severity\": \"info\""), "{ran}");
}

#[test]
fn errors_in_a_configuration_have_a_position() {
    let rows = [
        "expectations: [{subjects: [user/a], cann: [get pods]}]\n",
        "severities: {RC510: low, RC51: low}\n",
        "severities: {RC510: bad}\n",
        "suppressions:\n- codes: [RC510]\n",
        "suppressions:\n- codes: [RC510]\n  reason: a\n  expires: 2027-02-29\n",
        "suppressions: []\nsuppressions: []\n",
        "suppressions: [\n",
    ];
    let mut said = String::new();
    for fields in rows {
        let ran = check_in(&[("a.yaml", READER), ("rolecall.yaml", &config(fields))], "check . -q");
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{ran}");
        said += &ran.stderr;
    }
    for (name, text) in [("rolecall.yaml", ""), ("rolecall.yaml", "kind: CheckConfig\n")] {
        said += &check_in(&[("a.yaml", READER), (name, text)], "check . -q").stderr;
    }
    said += &check_in(&[("a.yaml", READER)], "check . --expectations no.yaml").stderr;
    assert_snapshot!(said, @r#"
    error: rolecall.yaml:3:37: expectations[0]: the field `cann` is not one of `name`, `reason`, `targets`, `subjects`, `except`, `optional`, `namespaces`, `can`, `cannot`, `only`, `cannotBecome`
    error: rolecall.yaml:3:13: severities: unknown finding `RC51`: `rolecall explain` lists all findings
    error: rolecall.yaml:3:21: severities.RC510: expected one of `info`, `low`, `medium`, `high`, `critical`, found `bad`
    error: rolecall.yaml:4:3: suppressions[0]: the field `reason` is missing
    error: rolecall.yaml:4:3: suppressions[0].expires: `2027-02-29` is not a date: use `YYYY-MM-DD`
    error: rolecall.yaml:4:1: duplicate key `suppressions`, first on line 3
    error: rolecall.yaml:3:15: expected the bracket that closes `[`
    error: `rolecall.yaml` contains no configuration
    hint: in `rolecall.yaml`, begin with `apiVersion: rolecall.dev/v1` and `kind: CheckConfig`
    error: rolecall.yaml:1:1: the field `apiVersion` is missing
    error: no.yaml: no such file or directory
    "#);
}

#[test]
fn suppressions_expire_and_unused_ones_are_reported() {
    let config = config(
        "suppressions:
- {codes: [secret-reading], object: Role shop/*, path: deploy/*, reason: a, expires: 2026-06-30}
- {codes: [RC510], object: Role kitchen/*, reason: b}
",
    );
    let files = [("deploy/a.yaml", READER), ("rolecall.yaml", &*config)];
    let on = |day: &str| {
        check_in(&files, &format!("check deploy --severity low --today {day} -q -o github"))
    };
    assert_snapshot!(on("2026-06-30"), @r#"
    ::notice file=rolecall.yaml,line=5,endLine=5,col=3,endColumn=54,title=RC901 unused-suppression::Suppression RC510 of `Role kitchen/*`: the suppression of RC510 of `Role kitchen/*` matches no finding
    --- exit 0
    "#);
    assert_snapshot!(on("2026-07-01"), @r#"
    ::warning file=deploy/a.yaml,line=5,endLine=5,col=3,endColumn=56,title=RC510 secret-reading::Role shop/reader: rules[0]: its holders can read any Secret whose name they know, in namespace `shop`; limit the rule with `resourceNames`, or mount the required Secrets
    ::warning file=rolecall.yaml,line=4,endLine=4,col=3,endColumn=97,title=RC902 expired-suppression::Suppression RC510 of `Role shop/*` in `deploy/*`: the suppression of RC510 of `Role shop/*` in `deploy/*` ended on 2026-06-30
    ::notice file=rolecall.yaml,line=5,endLine=5,col=3,endColumn=54,title=RC901 unused-suppression::Suppression RC510 of `Role kitchen/*`: the suppression of RC510 of `Role kitchen/*` matches no finding
    --- exit 1
    "#);
    assert_snapshot!(on("yesterday"), @r#"
    --- stderr
    error: invalid value 'yesterday' for '--today <YYYY-MM-DD>': `yesterday` is not a date: use `YYYY-MM-DD`

    For more information, try '--help'.
    --- exit 2
    "#);
}

/// Writes a repository with parts that must not be read: a chart, and a role that grants too much.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: NAME, namespace: shop}\n\
                rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]\n---\n\
                apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: NAME, namespace: shop}\n\
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: NAME}\n\
                subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: NAME}]\n";
    for (path, text) in [
        ("deploy/web.yaml", &*role.replace("NAME", "web")),
        ("deploy/old-web.yaml", &role.replace("NAME", "old")),
        ("deploy/testdata/a.yaml", &role.replace("NAME", "test")),
        ("chart/Chart.yaml", "name: a\n"),
        ("chart/templates/a.yaml", "{{ .Values.a }}\n"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn excluded_paths_are_not_read() {
    let folder = repository();
    let path = folder.path().display();
    let ask = |options: &str| {
        run(
            &mut command_of(&format!(
                "who-can list pods -n shop --defaults none -o name {options}"
            )),
            "",
        )
    };
    let everything = ask(&format!("-f {path}"));
    assert_eq!(
        (&*everything.stdout, everything.exit),
        ("user/old\nuser/test\nuser/web\n", Some(3))
    );
    let exclude = "--exclude chart --exclude ./old-*.yaml --exclude testdata/";
    for (options, stdout, excluded) in [
        (format!("-f {path} {exclude}"), "user/web\n", "3 paths"),
        (
            format!("-f {path} {exclude} -f {path}/deploy/old-web.yaml"),
            "user/old\nuser/web\n",
            "3 paths",
        ),
        (format!("-f {path}/deploy/testdata {exclude}"), "user/test\n", ""),
        (format!("-f {path}/deploy --exclude *data*"), "user/old\nuser/web\n", "1 path"),
    ] {
        let ran = ask(&options);
        assert_eq!((&*ran.stdout, ran.exit), (stdout, Some(0)), "{options}: {ran}");
        let note = format!("note: {excluded} excluded\n");
        assert_eq!(ran.stderr.contains(&note), !excluded.is_empty(), "{options}: {ran}");
    }
    let nothing = ask(&format!("-f {path}/deploy --exclude *.yaml --exclude testdata"));
    let says = "error: ".to_owned()
        + &format!("{path}/deploy: every manifest in this directory is excluded");
    assert!(nothing.stderr.starts_with(&says) && nothing.exit == Some(2), "{nothing}");
}

#[test]
fn exclusions_of_the_configuration_apply_to_every_command() {
    let folder = repository();
    let path = folder.path().display();
    let config =
        "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexclude: [chart, 'old-*', '*/testdata']\n";
    fs::write(folder.path().join("rolecall.yaml"), config).unwrap();
    let ran = run(
        &mut command_of(&format!("who-can list pods -n shop --defaults none -o name -f {path}")),
        "",
    );
    assert_eq!((&*ran.stdout, ran.exit), ("user/web\n", Some(0)), "{ran}");
    let ran = run(&mut command_of(&format!("check {path}")), "");
    let last = ran.stdout.lines().last();
    assert_eq!(last, Some("checked 3 objects in 2 files; 3 paths excluded"), "{ran}");
    let ran = run(&mut command_of(&format!("check {path} -o json")), "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["scope"]["excluded"], 3);
    for (broken, says) in [("['']", "the pattern is empty"), ("5", "")] {
        fs::write(
            folder.path().join("rolecall.yaml"),
            config.replace("[chart, 'old-*', '*/testdata']", broken),
        )
        .unwrap();
        let ran = run(&mut command_of(&format!("check {path}")), "");
        assert!(ran.exit == Some(2) && ran.stderr.contains(says), "{ran}");
        let ran = run(&mut command_of(&format!("who-can list pods -n shop -f {path}")), "");
        assert!(ran.stderr.contains("warning: ignoring the exclusions: "), "{ran}");
    }
}

fn command_of(arguments: &str) -> std::process::Command {
    let mut command = command();
    command.args(split(arguments));
    command
}
