//! Credential plugins, the `exec` of a kubeconfig user.
//!
//! kube runs a plugin once for the client certificate and again for the token
//! (<https://github.com/kube-rs/kube/issues/1088>), without a time limit, and quotes its output in
//! errors. This module runs it once, within the request timeout, and never shows its output.

use std::io::{self, IsTerminal};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;

use super::error::{ConfigError, PluginProblem};
use super::{ClusterOptions, DEFAULT_TIMEOUT, Terminal};
use rolecall_yaml as yaml;

/// Runs the plugin of a user, if there is one, and replaces it by the credentials that it prints.
/// Calls `on_start` with the plugin's name when it starts.
///
/// Credentials in the kubeconfig take precedence, as for kubectl. A plugin that exceeds the request
/// timeout is killed. Without an explicit timeout, only a plugin that cannot be interactive is.
pub(super) async fn run(
    user: &mut AuthInfo,
    options: &ClusterOptions,
    on_start: &dyn Fn(&str),
) -> Result<(), ConfigError> {
    let has_credentials = user.token.is_some()
        || user.token_file.is_some()
        || user.password.is_some()
        || user.auth_provider.is_some();
    let Some(plugin) = user.exec.take().filter(|_| !has_credentials) else { return Ok(()) };
    let name = plugin.command.clone().unwrap_or_default();
    let failed = |problem, source| ConfigError::Plugin {
        command: name.clone(),
        problem,
        source,
        install_hint: plugin.install_hint.clone(),
    };
    if name.is_empty() {
        return Err(failed(PluginProblem::Unnamed, None));
    }
    let terminal = options.terminal;
    let needs_terminal = plugin.interactive_mode == Some(ExecInteractiveMode::Always);
    if terminal == Terminal::Unavailable && needs_terminal {
        return Err(failed(PluginProblem::NoTerminal, None));
    }
    let mut command = command(&plugin, &name, terminal);
    on_start(&name);
    let running = command.output();
    let output = match time_limit(&plugin, options) {
        None => running.await,
        Some(limit) => match tokio::time::timeout(limit, running).await {
            Ok(output) => output,
            Err(_) => return Err(failed(PluginProblem::TimedOut(limit), None)),
        },
    };
    let output = output.map_err(|source| failed(PluginProblem::NotRun, Some(source)))?;
    if !output.status.success() {
        let problem = output.status.code().map_or(PluginProblem::Killed, PluginProblem::Failed);
        return Err(failed(problem, None));
    }
    let credentials =
        parse(&output.stdout).ok_or_else(|| failed(PluginProblem::NoCredentials, None))?;
    if let (Some(certificate), Some(key)) =
        (credentials.client_certificate_data, credentials.client_key_data)
    {
        user.client_certificate_data = Some(STANDARD.encode(certificate));
        user.client_key_data = Some(STANDARD.encode(key).into());
    }
    user.token = credentials.token.map(Into::into);
    Ok(())
}

/// Returns the time limit of a plugin; `None` for no limit.
fn time_limit(plugin: &ExecConfig, options: &ClusterOptions) -> Option<Duration> {
    let may_ask = is_interactive(plugin, options.terminal) && io::stdin().is_terminal();
    match options.request_timeout {
        Some(Duration::ZERO) => None,
        Some(limit) => Some(limit),
        None => (!may_ask).then_some(DEFAULT_TIMEOUT),
    }
}

fn is_interactive(plugin: &ExecConfig, terminal: Terminal) -> bool {
    terminal == Terminal::Available && plugin.interactive_mode != Some(ExecInteractiveMode::Never)
}

fn command(plugin: &ExecConfig, name: &str, terminal: Terminal) -> Command {
    let interactive = is_interactive(plugin, terminal);
    let info = serde_json::json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": {"interactive": interactive, "cluster": plugin.cluster},
    });
    let mut command = Command::new(name);
    command
        .args(plugin.args.iter().flatten())
        .envs(
            plugin
                .env
                .iter()
                .flatten()
                .filter_map(|pair| Some((pair.get("name")?, pair.get("value")?))),
        )
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
        .stdout(Stdio::piped())
        // The plugin can ask the user to act, for example to log in.
        .stderr(match terminal {
            Terminal::Available => Stdio::inherit(),
            Terminal::Unavailable => Stdio::null(),
        })
        .kill_on_drop(true);
    command
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Parses an ExecCredential, as JSON or YAML; `None` if it has no credentials.
fn parse(output: &[u8]) -> Option<Credentials> {
    #[derive(Deserialize)]
    struct ExecCredential {
        status: Credentials,
    }
    let documents = yaml::parse(std::str::from_utf8(output).ok()?, 1).ok()?;
    let status = ExecCredential::deserialize(documents.first()?.root()).ok()?.status;
    let complete = status.token.as_ref().is_some_and(|token| !token.is_empty())
        || (status.client_certificate_data.is_some() && status.client_key_data.is_some());
    complete.then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(script: &str) -> AuthInfo {
        AuthInfo {
            exec: Some(ExecConfig {
                command: Some("sh".to_owned()),
                args: Some(vec!["-c".to_owned(), script.to_owned()]),
                ..ExecConfig::default()
            }),
            ..AuthInfo::default()
        }
    }

    #[tokio::test]
    async fn the_credentials_that_a_plugin_prints_are_used() {
        let mut token = user(r#"echo '{"status":{"token":"abc"}}'"#);
        run(&mut token, &ClusterOptions::default(), &|_| {}).await.unwrap();
        assert!(token.token.is_some());

        let mut yaml = user("printf 'status:\\n  token: abc\\n'");
        run(&mut yaml, &ClusterOptions::default(), &|_| {}).await.unwrap();
        assert!(yaml.token.is_some());

        let mut certificate =
            user(r#"echo '{"status":{"clientCertificateData":"C","clientKeyData":"K"}}'"#);
        run(&mut certificate, &ClusterOptions::default(), &|_| {}).await.unwrap();
        assert_eq!(certificate.client_certificate_data.as_deref(), Some("Qw=="));
        assert!(certificate.client_key_data.is_some() && certificate.token.is_none());
    }

    #[tokio::test]
    async fn a_plugin_receives_exec_info_and_environment() {
        let mut auth = user(
            r#"case $KUBERNETES_EXEC_INFO in *'"kind":"ExecCredential"'*) echo "status: {token: $WHO}";; esac"#,
        );
        if let Some(plugin) = &mut auth.exec {
            let pair =
                [("name", "WHO"), ("value", "me")].map(|(k, v)| (k.to_owned(), v.to_owned()));
            plugin.env = Some(vec![pair.into()]);
        }
        run(&mut auth, &ClusterOptions::default(), &|_| {}).await.unwrap();
        assert!(auth.token.is_some());
    }

    #[tokio::test]
    async fn a_hanging_plugin_is_reported_and_killed() {
        let named = std::cell::RefCell::new(String::new());
        let on_start = |name: &str| named.borrow_mut().push_str(name);
        let options = ClusterOptions {
            request_timeout: Some(Duration::from_millis(50)),
            ..ClusterOptions::default()
        };
        let error = run(&mut user("sleep 100"), &options, &on_start).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the credential plugin `sh` did not return credentials within 50 ms"
        );
        assert_eq!(*named.borrow(), "sh");
    }

    #[tokio::test]
    async fn errors_never_contain_plugin_output() {
        let rows = [
            ("echo SECRET; exit 3", "the credential plugin `sh` failed with exit code 3"),
            ("echo SECRET", "the credential plugin `sh` printed no credentials"),
            (
                "echo '{\"status\":{\"token\":\"\"}}'",
                "the credential plugin `sh` printed no credentials",
            ),
            ("kill -9 $$", "the credential plugin `sh` was killed"),
        ];
        for (script, expected) in rows {
            let error =
                run(&mut user(script), &ClusterOptions::default(), &|_| {}).await.unwrap_err();
            assert_eq!(error.to_string(), expected, "{script}");
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
        let mut missing = user("");
        missing.exec = Some(ExecConfig {
            command: Some("/nowhere/plugin".to_owned()),
            ..ExecConfig::default()
        });
        let error = run(&mut missing, &ClusterOptions::default(), &|_| {}).await.unwrap_err();
        assert_eq!(error.to_string(), "the credential plugin `/nowhere/plugin` cannot be run");
    }

    #[tokio::test]
    async fn without_a_terminal_a_plugin_cannot_ask() {
        let options =
            ClusterOptions { terminal: Terminal::Unavailable, ..ClusterOptions::default() };
        // Its input is empty, and its output is discarded.
        let script = r#"echo log in >&2; read -r word && exit 1
            case $KUBERNETES_EXEC_INFO in *'"interactive":false'*) echo "status: {token: abc}";; esac"#;
        let mut silent = user(script);
        run(&mut silent, &options, &|_| {}).await.unwrap();
        assert!(silent.token.is_some());

        let mut asking = user(script);
        if let Some(plugin) = &mut asking.exec {
            plugin.interactive_mode = Some(ExecInteractiveMode::Always);
        }
        let error = run(&mut asking, &options, &|_| {}).await.unwrap_err();
        assert_eq!(error.to_string(), "the credential plugin `sh` needs a terminal");
    }
}
