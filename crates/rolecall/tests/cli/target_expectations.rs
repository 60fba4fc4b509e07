//! Expectations about kustomizations and charts.

use std::fs;

use super::targets::{REPOSITORY, Repository};

#[test]
fn expectations_hold_in_the_targets_that_they_name_or_in_all_together() {
    const ROWS: [(&str, &[&str]); 10] = [
        // Without targets, access has to exist in one target, and must not exist in any.
        ("subjects: ['sa/prod:web'], can: ['list secrets in prod']", &[]),
        ("subjects: ['sa/*:*web'], cannot: ['list secrets']", &["RC602 overlays/prod"]),
        ("subjects: ['sa/*:*web'], only: ['get configmaps']", &["RC603 overlays/prod"]),
        (
            "subjects: ['sa/prod:web'], can: ['delete pods in prod']",
            &["RC601 chart,chart:values-admin.yaml,overlays/dev,overlays/prod"],
        ),
        (
            "subjects: ['sa/nowhere:*'], can: ['get pods']",
            &["RC605 chart,chart:values-admin.yaml,overlays/dev,overlays/prod"],
        ),
        // With targets, it has to hold in each.
        ("targets: [prod], subjects: ['sa/prod:web'], can: ['list secrets in prod']", &[]),
        (
            "targets: ['overlays/*'], subjects: ['sa/prod:web'], can: ['list secrets in prod']",
            &["RC601 overlays/dev"],
        ),
        ("targets: [dev], subjects: ['sa/*:*web'], cannot: ['list secrets']", &[]),
        ("targets: [gone], subjects: ['sa/*:*web'], cannot: ['list secrets']", &["RC606 "]),
        ("targets: [gone], optional: true, subjects: ['sa/*:*web'], cannot: ['list secrets']", &[]),
    ];
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let base = fs::read_to_string(repository.path().join("base/rbac.yaml")).unwrap();
    repository.write("base/rbac.yaml", &base.replace("name: gone", "name: web"));
    let found = |expectation: &str, arguments: &str| -> Vec<String> {
        repository.write(
            "rolecall.yaml",
            &format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexpectations:\n- {{{expectation}}}\n"),
        );
        let report = repository.json(&format!("check . -o json --only 'RC6*' {arguments}"));
        let findings = report["findings"].as_array().unwrap().iter();
        let found = findings.map(|finding| {
            let targets = finding["targets"].as_array().into_iter().flatten();
            let targets: Vec<&str> = targets.filter_map(|it| it["name"].as_str()).collect();
            format!("{} {}", finding["code"].as_str().unwrap(), targets.join(","))
        });
        found.collect()
    };
    for (expectation, expected) in ROWS {
        assert_eq!(found(expectation, ""), expected, "{expectation}");
    }
    let of_prod = "targets: [prod], subjects: ['sa/*:*web'], cannot: ['list secrets']";
    // A target that is not selected is not judged, and one that is not rendered is unknown.
    assert_eq!(found(of_prod, "--target dev"), [""; 0]);
    assert_eq!(found(of_prod, "--render never"), ["RC604 "]);
    repository.write("overlays/prod/kustomization.yaml", "resources: [gone.yaml]\n");
    assert_eq!(found(of_prod, ""), ["RC604 "]);
}
