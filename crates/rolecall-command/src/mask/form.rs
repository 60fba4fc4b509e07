//! Secrets that their form gives away.

use std::ops::Range;

/// How the tokens of well-known services begin, and the least number of characters after it.
const TOKENS: [(&str, usize); 42] = [
    // AWS access key IDs.
    ("AKIA", 16),
    ("ASIA", 16),
    // Google: API keys and OAuth access tokens.
    ("AIza", 30),
    ("ya29.", 20),
    // GitHub.
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    // GitLab.
    ("glpat-", 12),
    ("gldt-", 12),
    ("glrt-", 12),
    ("glptt-", 12),
    ("glcbt-", 12),
    ("glagent-", 12),
    ("glsoat-", 12),
    ("glft-", 12),
    ("gloas-", 12),
    // Slack.
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxc-", 10),
    ("xoxd-", 10),
    ("xoxe-", 10),
    ("xoxo-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    // HashiCorp Vault.
    ("hvs.", 20),
    ("hvb.", 20),
    ("hvr.", 20),
    // OpenShift.
    ("sha256~", 20),
    // Package registries: npm, PyPI, RubyGems, Docker Hub.
    ("npm_", 20),
    ("pypi-", 30),
    ("rubygems_", 20),
    ("dckr_pat_", 16),
    // Payment and AI services, mail, clouds.
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("dop_v1_", 16),
];

/// The start of an incoming webhook's URL, whose path is its secret.
const WEBHOOK: &str = "hooks.slack.com/services/";

/// From this length on, user information without a password is a token.
const TOKEN_AS_USER: usize = 20;

/// Finds JSON Web Tokens, the tokens of well-known services and secret paths of webhooks.
pub(super) fn tokens_in(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    found.extend(word.match_indices("eyJ").filter_map(|(start, _)| {
        let end = end_of_token(word, start);
        let is_token = word.get(start..end)?.matches('.').count() >= 2;
        is_token.then_some(start..end)
    }));
    for (beginning, least) in TOKENS {
        found.extend(word.match_indices(beginning).filter_map(|(start, _)| {
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
    // The sign in the beginning of an OpenShift token.
    let rest = word.get(start..).unwrap_or_default();
    let sign = if rest.starts_with("sha256~") { "sha256~".len() } else { 0 };
    let rest = rest.get(sign..).unwrap_or_default();
    start + sign + rest.find(|c| !is_part(c)).unwrap_or(rest.len())
}
