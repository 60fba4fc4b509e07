//! Generates container logs with refusals.

use std::io::{self, Write};

use super::cluster::{RESOURCES, VERBS, namespace};
use super::{Preset, Random};

/// Writes about `megabytes` of container logs. Every fiftieth line is a refusal in the format of
/// some client.
pub fn write_refusals(writer: &mut dyn Write, seed: u64, megabytes: usize) -> io::Result<()> {
    let mut random = Random::new(seed);
    write_until(writer, megabytes, |line| {
        if random.one_in(50) {
            refusal(&mut random, line);
        } else {
            line.push_str(&format!(
                "2026-01-15T08:{:02}:{:02}Z INFO request served path=/orders/{} status=200 took={}ms trace={:016x}",
                random.below(60),
                random.below(60),
                random.below(100_000),
                random.below(900),
                random.bits()
            ));
        }
    })
}

fn refusal(random: &mut Random, line: &mut String) {
    let home = namespace(random.below(super::cluster::Shape::of(Preset::Small).namespaces));
    let (group, resources) =
        RESOURCES.get(random.below(RESOURCES.len())).copied().unwrap_or_default();
    let (resource, verb) = (random.pick(resources), random.pick(&VERBS));
    let parent = resource.split('/').next().unwrap_or_default();
    let head = if group.is_empty() { parent.to_owned() } else { format!("{parent}.{group}") };
    let message = format!(
        "{head} is forbidden: User \"system:serviceaccount:{home}:default\" cannot {verb} resource \
         \"{resource}\" in API group \"{group}\" in the namespace \"{home}\""
    );
    let escaped = message.replace('"', "\\\"");
    match random.below(4) {
        0 => line.push_str(&format!("Error from server (Forbidden): {message}")),
        1 => line.push_str(&format!(
            "E0115 08:30:00.000000       1 reflector.go:205] \"Failed to watch\" err=\"failed to list *v1.Pod: {escaped}\" logger=\"UnhandledError\""
        )),
        2 => line.push_str(&format!(
            "{{\"level\":\"error\",\"ts\":\"2026-01-15T08:30:00Z\",\"msg\":\"Reconciler error\",\"error\":\"{escaped}\"}}"
        )),
        _ => line.push_str(&format!(
            "HTTP response body: {{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\"message\":\"{escaped}\",\"reason\":\"Forbidden\",\"details\":{{\"kind\":\"{parent}\"}},\"code\":403}}"
        )),
    }
}

fn write_until(
    writer: &mut dyn Write,
    megabytes: usize,
    mut next: impl FnMut(&mut String),
) -> io::Result<()> {
    let mut written = 0;
    let mut line = String::new();
    while written < megabytes * 1_000_000 {
        line.clear();
        next(&mut line);
        line.push('\n');
        writer.write_all(line.as_bytes())?;
        written += line.len();
    }
    Ok(())
}
