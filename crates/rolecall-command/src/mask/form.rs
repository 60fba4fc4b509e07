//! Secrets that can be recognized by their format.

use std::ops::Range;

/// The prefixes of the tokens of well-known services, and the minimum number of characters after them.
const TOKENS: [(usize, &[&str]); 13] = [
    // AWS access key IDs.
    (16, &["AKIA", "ASIA"]),
    // Google: API keys and OAuth access tokens.
    (30, &["AIza"]),
    (20, &["ya29."]),
    // GitHub.
    (16, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]),
    // GitLab.
    (
        12,
        &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glagent-", "glsoat-", "glft-", "gloas-"],
    ),
    // Slack.
    (
        10,
        &["xoxa-", "xoxb-", "xoxc-", "xoxd-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
    ),
    // HashiCorp Vault.
    (20, &["hvs.", "hvb.", "hvr."]),
    // OpenShift.
    (20, &["sha256~"]),
    // Package registries: npm, PyPI, RubyGems, Docker Hub.
    (20, &["npm_"]),
    (30, &["pypi-"]),
    (20, &["rubygems_"]),
    (16, &["dckr_pat_"]),
    // Payment and AI services, mail, clouds.
    (16, &["sk_live_", "rk_live_", "sk-ant-", "sk-proj-", "dop_v1_"]),
];

/// The start of an incoming webhook's URL, whose path is its secret.
const WEBHOOK: &str = "hooks.slack.com/services/";

/// The minimum length from which user information without a password is a token.
const TOKEN_AS_USER: usize = 20;

/// Finds JSON Web Tokens, the tokens of well-known services and secret paths of webhooks.
pub(super) fn tokens_in(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    found.extend(word.match_indices("eyJ").filter_map(|(start, _)| {
        let end = end_of_token(word, start);
        let is_token = word.get(start..end)?.matches('.').count() >= 2;
        is_token.then_some(start..end)
    }));
    let beginnings = TOKENS.iter().flat_map(|(least, all)| all.iter().map(move |it| (it, least)));
    for (beginning, least) in beginnings {
        found.extend(word.match_indices(*beginning).filter_map(|(start, _)| {
            let before = word.get(..start)?.chars().next_back();
            let end = end_of_token(word, start);
            let is_token = !before.is_some_and(char::is_alphanumeric)
                && end - start >= beginning.len() + least;
            is_token.then_some(start..end)
        }));
    }
    found.extend(word.find(WEBHOOK).map(|start| start + WEBHOOK.len()..word.len()));
    found
}

/// Finds the password of `scheme://user:password@host`, or the token of `scheme://token@host`.
pub(super) fn userinfo_in(word: &str) -> Option<Range<usize>> {
    let start = word.find("://")? + 3;
    let authority = word.get(start..)?.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    match user.find(':') {
        Some(colon) => Some(start + colon + 1..start + user.len()),
        None => (user.len() >= TOKEN_AS_USER).then(|| start..start + user.len()),
    }
}

fn end_of_token(word: &str, start: usize) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // The first part of an OpenShift token.
    let rest = word.get(start..).unwrap_or_default();
    let sign = if rest.starts_with("sha256~") { "sha256~".len() } else { 0 };
    let rest = rest.get(sign..).unwrap_or_default();
    start + sign + rest.find(|c| !is_part(c)).unwrap_or(rest.len())
}
