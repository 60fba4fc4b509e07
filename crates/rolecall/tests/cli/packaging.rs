//! The files with which other tools run rolecall are valid, and use only existing options.

use std::fs;

use serde_yaml::Value;

use crate::command::{command, rolecall, root, run, split};

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

fn yaml(name: &str) -> Value {
    serde_yaml::from_str(&text(name)).unwrap()
}

/// Returns the long options of `check`.
fn options() -> Vec<String> {
    let help = rolecall("check --help").stdout + &rolecall("options").stdout;
    let words = help.split(|c: char| c.is_whitespace() || "[],".contains(c));
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn the_action_passes_options_that_exist() {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let mut scripts = String::new();
    for step in steps {
        let is_script = step.get("run").is_some();
        assert!(is_script != step.get("uses").is_some(), "{step:?}");
        assert!(!is_script || step["shell"] == "bash", "{step:?}");
        scripts += step.get("run").and_then(Value::as_str).unwrap_or_default();
    }
    // A script with expressions would execute the text of an input.
    assert!(!scripts.contains("${{"), "{scripts}");
    let known = options();
    let check = script_of(&action, "Check");
    let words = check.split(|c: char| c.is_whitespace() || "()".contains(c));
    let passed: Vec<&str> = words.filter(|word| word.len() > 2 && word.starts_with("--")).collect();
    assert!(passed.contains(&"--fail-level"), "{passed:?}");
    for option in passed {
        assert!(known.iter().any(|known| known == option), "{option} of action.yml");
    }
    // Every input is used, every used input is declared, and each has a description.
    let text = text("action.yml");
    let inputs = action["inputs"].as_mapping().unwrap();
    for (name, input) in inputs {
        let name = name.as_str().unwrap();
        assert!(text.contains(&format!("inputs.{name}")), "{name}");
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
    for used in text.split("inputs.").skip(1) {
        let end = used.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap();
        assert!(inputs.contains_key(&used[..end]), "{}", &used[..end]);
    }
}

/// Returns the script of the action's step with a name.
fn script_of(action: &Value, name: &str) -> String {
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let step = steps.iter().find(|step| step["name"] == name).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

/// A `curl` that copies from the directory `releases` next to it and records the requested URLs.
const CURL: &str = r#"#!/bin/sh
while [ $# -gt 1 ]; do
  if [ "$1" = --output ]; then output=$2; fi
  shift
done
echo "$1" >> "${0%/*}/asked"
cp "${0%/*}/releases/${1##*/}" "$output"
"#;

#[cfg(unix)]
#[test]
fn the_action_runs_only_a_download_whose_checksum_matches() {
    use std::os::unix::fs::PermissionsExt;

    let script = script_of(&yaml("action.yml"), "Install rolecall");
    let good = "f3f9b5a4f0d2b0a0f2c4";
    for (version, reference, sums, asked, exit) in [
        ("v0.1.0", "main", "good", Some("download/v0.1.0"), Some(0)),
        ("", "v0.2.0", "good", Some("download/v0.2.0"), Some(0)),
        ("", "main", "good", Some("latest/download"), Some(0)),
        ("v0.1.0", "main", "bad", Some("download/v0.1.0"), Some(1)),
        ("v0.1.0", "main", "missing", Some("download/v0.1.0"), Some(1)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        let releases = tools.join("releases");
        let package = releases.join("rolecall-0.1.0-linux-amd64");
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("rolecall"), good).unwrap();
        fs::write(tools.join("curl"), CURL).unwrap();
        fs::set_permissions(tools.join("curl"), fs::Permissions::from_mode(0o755)).unwrap();
        let pack = "tar -czf rolecall-linux-amd64.tar.gz rolecall-0.1.0-linux-amd64 &&
            sha256sum rolecall-linux-amd64.tar.gz > SHA256SUMS";
        let mut bash = std::process::Command::new("bash");
        assert_eq!(run(bash.args(["-c", pack]).current_dir(&releases), "").exit, Some(0));
        match sums {
            "bad" => fs::write(
                releases.join("SHA256SUMS"),
                format!("{}  rolecall-linux-amd64.tar.gz\n", "0".repeat(64)),
            ),
            "missing" => fs::write(releases.join("SHA256SUMS"), ""),
            _ => Ok(()),
        }
        .unwrap();
        let mut bash = std::process::Command::new("bash");
        bash.args(["-e", "-o", "pipefail", "-c", &script]).current_dir(folder.path()).env_clear();
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        for (name, value) in [
            ("PATH", path.as_str()),
            ("VERSION", version),
            ("BINARY", ""),
            ("ACTION_REF", reference),
            ("RELEASES", "https://example.org/releases"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
            ("RUNNER_TEMP", folder.path().to_str().unwrap()),
        ] {
            bash.env(name, value);
        }
        let ran = run(&mut bash, "");
        assert_eq!(ran.exit, exit, "{version} {reference} {sums}: {ran}");
        let installed = fs::read_to_string(folder.path().join("rolecall/bin/rolecall")).ok();
        assert_eq!(installed.as_deref(), (exit == Some(0)).then_some(good), "{sums}");
        let asked = asked.map(|from| {
            format!(
                "https://example.org/releases/{from}/rolecall-linux-amd64.tar.gz\n\
                 https://example.org/releases/{from}/SHA256SUMS\n"
            )
        });
        assert_eq!(fs::read_to_string(tools.join("asked")).ok(), asked);
    }
}

#[cfg(unix)]
#[test]
fn the_script_of_the_action_fails_like_the_command() {
    let script = script_of(&yaml("action.yml"), "Check");
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("rolecall/bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rolecall"), bin.join("rolecall")).unwrap();
    for (paths, fail_level, code) in [
        ("fixtures/v07-invalid-role-refs", "medium", "1"),
        ("fixtures/v07-invalid-role-refs", "critical", "0"),
        ("fixtures/ns-1\nfixtures/tokens", "critical", "0"),
        ("fixtures/none", "medium", "2"),
    ] {
        let output = folder.path().join("output");
        fs::write(&output, "").unwrap();
        let mut bash = std::process::Command::new("bash");
        bash.args(["-e", "-o", "pipefail", "-c", &script]).current_dir(root()).env_clear();
        bash.env("PATH", std::env::var("PATH").unwrap());
        for (name, value) in [
            ("PATHS", paths),
            ("FAIL_LEVEL", fail_level),
            ("SEVERITY", "low"),
            ("EXPECTATIONS", ""),
            ("BASELINE", ""),
            ("ONLY", ""),
            ("IGNORE", ""),
            ("RENDER", "never"),
            ("TARGET", ""),
            ("KUBERNETES_VERSION", "1.36"),
            ("SARIF_FILE", ""),
            ("UPLOAD_SARIF", "true"),
        ] {
            bash.env(name, value);
        }
        bash.env("RUNNER_TEMP", folder.path()).env("GITHUB_OUTPUT", &output);
        bash.env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"));
        let ran = run(&mut bash, "");
        assert_eq!(ran.exit, Some(0), "{ran}");
        let output = fs::read_to_string(&output).unwrap();
        assert!(output.contains(&format!("exit-code={code}\n")), "{paths}: {output}");
        if code != "2" {
            let sarif = fs::read_to_string(folder.path().join("rolecall.sarif")).unwrap();
            assert!(sarif.contains("\"2.1.0\""), "{sarif}");
        }
    }
}

#[test]
fn the_hook_runs() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_sequence().unwrap();
    assert_eq!(hooks.len(), 1);
    for hook in hooks {
        for field in ["id", "name", "description", "entry", "language"] {
            assert!(hook[field].is_string(), "{field}");
        }
        let entry = hook["entry"].as_str().unwrap().strip_prefix("rolecall ").unwrap();
        let arguments = hook["args"].as_sequence().unwrap().iter().map(|a| a.as_str().unwrap());
        let mut command = command();
        command.args(split(entry)).args(arguments).current_dir(root().join("fixtures/prueba-rbac"));
        let ran = run(&mut command, "");
        assert!(matches!(ran.exit, Some(0 | 1)), "{ran}");
    }
}
