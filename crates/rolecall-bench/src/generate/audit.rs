//! Generates audit logs of an API server.

use std::io::{self, Write};

use super::Random;
use super::cluster::RESOURCES;

/// The ServiceAccounts that make requests.
const SUBJECTS: usize = 20_000;
const NAMESPACES: usize = 2_000;
/// The kinds of requests of one ServiceAccount.
const KINDS: usize = 12;

/// Writes about `megabytes` of audit events as JSON lines.
///
/// Each ServiceAccount repeats a few kinds of requests, as controllers do. Every tenth request is a watch with
/// three stages, and every twentieth is refused.
pub fn write_audit(writer: &mut dyn Write, seed: u64, megabytes: usize) -> io::Result<()> {
    let mut random = Random::new(seed);
    let mut text = String::new();
    let (mut written, mut number) = (0, 0_u64);
    while written < megabytes * 1_000_000 {
        text.clear();
        // Half of the requests come from a hundredth of the ServiceAccounts.
        let subjects = if random.one_in(2) { SUBJECTS / 100 } else { SUBJECTS };
        let subject = random.below(subjects);
        request(&mut random, seed, subject, number, &mut text);
        writer.write_all(text.as_bytes())?;
        written += text.len();
        number += 1;
    }
    Ok(())
}

/// Appends the events of one request.
fn request(random: &mut Random, seed: u64, subject: usize, number: u64, text: &mut String) {
    let kind = random.below(KINDS);
    // The same subject and kind always make the same kind of request.
    let mut of_kind = Random::new(seed ^ (subject * KINDS + kind) as u64);
    let home = format!("team-{}", subject % NAMESPACES);
    let account = format!("app-{}", subject / NAMESPACES);
    let (group, resources) =
        RESOURCES.get(of_kind.below(RESOURCES.len())).copied().unwrap_or_default();
    let combined = of_kind.pick(resources);
    let (resource, subresource) = combined.split_once('/').unwrap_or((combined, ""));
    let verb = match of_kind.below(10) {
        0 => "watch",
        1..3 => "list",
        3..6 => "get",
        6..8 => "update",
        8 => "patch",
        _ => "create",
    };
    let is_refused = of_kind.one_in(20);
    let is_wide = matches!(verb, "list" | "watch") && of_kind.one_in(3);
    let name = match verb {
        "list" | "watch" | "create" => String::new(),
        _ if of_kind.one_in(4) => format!("{resource}-{}", random.below(1_000)),
        _ => format!("{resource}-{}", of_kind.below(3)),
    };
    let space = if is_wide { "" } else { home.as_str() };
    let part = |key: &str, value: &str| match value.is_empty() {
        true => String::new(),
        false => format!(",\"{key}\":\"{value}\""),
    };
    let object =
        [("namespace", space), ("name", &*name), ("apiGroup", group), ("subresource", subresource)];
    let object: String = object.into_iter().map(|(key, value)| part(key, value)).collect();
    let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    let places: String = [("namespaces/", space), (resource, " "), ("", &*name), ("", subresource)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("/{key}{}", value.trim()))
        .collect();
    let query = match verb {
        "list" => "?limit=500&resourceVersion=0",
        "watch" => {
            "?allowWatchBookmarks=true\\u0026resourceVersion=4711\\u0026timeoutSeconds=421\\u0026watch=true"
        }
        _ => "",
    };
    let time = |milliseconds: u64| {
        // 50 requests a second.
        let micros = number * 20_000 + milliseconds * 1_000;
        let (second, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let (day, clock) = (1 + second / 86_400 % 28, second % 86_400);
        format!(
            "2026-01-{day:02}T{:02}:{:02}:{:02}.{fraction:06}Z",
            clock / 3_600,
            clock / 60 % 60,
            clock % 60
        )
    };
    let id = random.bits();
    let pod = format!("{account}-{:08x}-{:05x}", subject, subject % 3);
    let head = format!(
        "\"requestURI\":\"{root}{places}{query}\",\"verb\":\"{verb}\",\"user\":{{\"username\":\
         \"system:serviceaccount:{home}:{account}\",\"uid\":\"{subject:08x}-0000-4000-8000-000000000000\",\
         \"groups\":[\"system:serviceaccounts\",\"system:serviceaccounts:{home}\",\"system:authenticated\"],\
         \"extra\":{{\"authentication.kubernetes.io/credential-id\":[\"JTI={id:016x}\"],\
         \"authentication.kubernetes.io/node-name\":[\"node-{}\"],\
         \"authentication.kubernetes.io/pod-name\":[\"{pod}\"],\
         \"authentication.kubernetes.io/pod-uid\":[\"{id:016x}\"]}}}},\"sourceIPs\":[\"10.0.{}.{}\"],\
         \"userAgent\":\"{account}/v0.0.0 (linux/amd64) kubernetes/$Format\",\
         \"objectRef\":{{\"resource\":\"{resource}\"{object},\"apiVersion\":\"v1\"}}",
        subject % 300,
        subject / 250 % 250,
        subject % 250,
    );
    let (status, decision) = match is_refused {
        true => (
            format!(
                "{{\"metadata\":{{}},\"status\":\"Failure\",\"message\":\"{resource} is forbidden: User \
                 \\\"system:serviceaccount:{home}:{account}\\\" cannot {verb} resource \\\"{combined}\\\" in API \
                 group \\\"{group}\\\" in the namespace \\\"{home}\\\"\",\"reason\":\"Forbidden\",\"code\":403}}"
            ),
            "\"authorization.k8s.io/decision\":\"forbid\",\"authorization.k8s.io/reason\":\"\""
                .to_owned(),
        ),
        false => (
            format!("{{\"metadata\":{{}},\"code\":{}}}", if verb == "create" { 201 } else { 200 }),
            format!(
                "\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"RBAC: allowed by \
                 RoleBinding \\\"{account}/{home}\\\" of Role \\\"{account}\\\" to ServiceAccount \
                 \\\"{account}/{home}\\\"\""
            ),
        ),
    };
    let stages: &[(&str, u64)] = match verb {
        "watch" => &[("RequestReceived", 0), ("ResponseStarted", 3), ("ResponseComplete", 421_000)],
        _ => &[("ResponseComplete", 7)],
    };
    for (stage, after) in stages {
        text.push_str(&format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\
             \"{id:016x}-0000-4000\",\"stage\":\"{stage}\",{head}"
        ));
        if *stage != "RequestReceived" {
            text.push_str(&format!(",\"responseStatus\":{status}"));
        }
        text.push_str(&format!(
            ",\"requestReceivedTimestamp\":\"{}\",\"stageTimestamp\":\"{}\"",
            time(0),
            time(*after)
        ));
        if *stage != "RequestReceived" {
            text.push_str(&format!(",\"annotations\":{{{decision}}}"));
        }
        text.push_str("}\n");
    }
}
