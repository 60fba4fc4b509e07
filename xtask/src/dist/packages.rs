//! The manifest for krew and the formula for Homebrew.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::platform::{PLATFORMS, Platform};

const HOMEPAGE: &str = env!("CARGO_PKG_REPOSITORY");
const SHORT: &str = "Explain, check and fix RBAC";
const LONG: [&str; 4] = [
    "Shows which identity a Pod has and what it can do, explains why a request is",
    "allowed or refused, writes the smallest Role that fixes a refusal, and checks",
    "manifests before they are applied. Works on clusters, files and snapshots,",
    "with the same answers.",
];

/// Returns the krew manifest for the archives with a checksum.
pub(super) fn krew(version: &str, checksums: &BTreeMap<String, String>) -> String {
    let mut text = format!(
        "apiVersion: krew.googlecontainertools.github.com/v1alpha2\n\
         kind: Plugin\n\
         metadata:\n  name: rolecall\n\
         spec:\n  version: v{version}\n  homepage: {HOMEPAGE}\n  shortDescription: {SHORT}\n  \
         description: |\n    {}\n  platforms:\n",
        LONG.join("\n    ")
    );
    for (platform, sum) in present(checksums) {
        let (name, binary) = (platform.name(), platform.binary());
        let _ = write!(
            text,
            "  - selector:\n      matchLabels: {{os: {}, arch: {}}}\n    uri: {}\n    sha256: {sum}\n    \
             bin: {binary}\n    files:\n    - {{from: rolecall-{version}-{name}/{binary}, to: .}}\n    \
             - {{from: rolecall-{version}-{name}/LICENSE, to: .}}\n",
            platform.os,
            platform.arch,
            address(version, platform),
        );
    }
    text
}

/// Returns the Homebrew formula for the archives with a checksum. Homebrew supports Linux and
/// macOS.
pub(super) fn homebrew(version: &str, checksums: &BTreeMap<String, String>) -> String {
    let mut text = format!(
        "class Rolecall < Formula\n  desc \"{SHORT}\"\n  homepage \"{HOMEPAGE}\"\n  \
         version \"{version}\"\n  license \"Apache-2.0\"\n\n"
    );
    for (system, os) in [("on_macos", "darwin"), ("on_linux", "linux")] {
        let mut block = String::new();
        for (platform, sum) in present(checksums).filter(|(platform, _)| platform.os == os) {
            let arch = if platform.arch == "arm64" { "on_arm" } else { "on_intel" };
            let _ = write!(
                block,
                "    {arch} do\n      url \"{}\"\n      sha256 \"{sum}\"\n    end\n",
                address(version, platform),
            );
        }
        if !block.is_empty() {
            let _ = write!(text, "  {system} do\n{block}  end\n\n");
        }
    }
    text.push_str(
        "  def install\n    bin.install \"rolecall\"\n    \
         bin.install_symlink \"rolecall\" => \"kubectl-rolecall\"\n    \
         bin.install \"completions/kubectl_complete-rolecall\"\n    \
         bash_completion.install \"completions/rolecall.bash\" => \"rolecall\"\n    \
         fish_completion.install \"completions/rolecall.fish\"\n    \
         zsh_completion.install \"completions/_rolecall\"\n    \
         man1.install Dir[\"man/*.1\"]\n  end\n\n  \
         test do\n    assert_match version.to_s, shell_output(\"#{bin}/rolecall version\")\n  end\nend\n",
    );
    text
}

fn present(
    checksums: &BTreeMap<String, String>,
) -> impl Iterator<Item = (&'static Platform, &String)> {
    PLATFORMS.iter().filter_map(|platform| {
        checksums.get(&platform.archive()).map(|checksum| (platform, checksum))
    })
}

fn address(version: &str, platform: &Platform) -> String {
    format!("{HOMEPAGE}/releases/download/v{version}/{}", platform.archive())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> BTreeMap<String, String> {
        let sums = "abcde".chars().map(|letter| String::from(letter).repeat(64));
        PLATFORMS.iter().map(Platform::archive).zip(sums).collect()
    }

    #[test]
    fn the_krew_manifest_lists_every_platform_and_its_binary() {
        let plugin: serde_yaml::Value = serde_yaml::from_str(&krew("0.2.0", &all())).unwrap();
        assert_eq!(plugin["metadata"]["name"], "rolecall");
        assert_eq!(plugin["spec"]["version"], "v0.2.0");
        // Requirements of the krew index.
        assert!(SHORT.len() <= 50 && !SHORT.ends_with('.'));
        let platforms = plugin["spec"]["platforms"].as_sequence().unwrap();
        let rows: Vec<String> = platforms
            .iter()
            .map(|platform| {
                let labels = &platform["selector"]["matchLabels"];
                let text = |value: &serde_yaml::Value| value.as_str().unwrap().to_owned();
                let file = text(&platform["files"][0]["from"]);
                assert!(file.ends_with(&format!("/{}", text(&platform["bin"]))));
                format!(
                    "{} {} {} {} {file}",
                    text(&labels["os"]),
                    text(&labels["arch"]),
                    text(&platform["uri"]).rsplit('/').take(2).collect::<Vec<_>>().join(" "),
                    &text(&platform["sha256"])[..2],
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "linux amd64 rolecall-linux-amd64.tar.gz v0.2.0 aa rolecall-0.2.0-linux-amd64/rolecall",
                "linux arm64 rolecall-linux-arm64.tar.gz v0.2.0 bb rolecall-0.2.0-linux-arm64/rolecall",
                "darwin amd64 rolecall-darwin-amd64.tar.gz v0.2.0 cc rolecall-0.2.0-darwin-amd64/rolecall",
                "darwin arm64 rolecall-darwin-arm64.tar.gz v0.2.0 dd rolecall-0.2.0-darwin-arm64/rolecall",
                "windows amd64 rolecall-windows-amd64.tar.gz v0.2.0 ee rolecall-0.2.0-windows-amd64/rolecall.exe",
            ]
        );
    }

    #[test]
    fn a_platform_without_an_archive_is_omitted() {
        let one = all().into_iter().filter(|(name, _)| name.contains("linux-amd64")).collect();
        assert_eq!(krew("0.2.0", &one).matches("uri:").count(), 1);
        let formula = homebrew("0.2.0", &one);
        assert_eq!(
            formula.split_once("  def install").unwrap().0,
            format!(
                "class Rolecall < Formula\n  desc \"Explain, check and fix RBAC\"\n  \
                 homepage \"{HOMEPAGE}\"\n  version \"0.2.0\"\n  license \"Apache-2.0\"\n\n  \
                 on_linux do\n    on_intel do\n      \
                 url \"{HOMEPAGE}/releases/download/v0.2.0/rolecall-linux-amd64.tar.gz\"\n      \
                 sha256 \"{}\"\n    end\n  end\n\n",
                "a".repeat(64)
            )
        );
    }

    #[test]
    fn the_formula_covers_four_platforms_and_installs_everything() {
        let formula = homebrew("0.2.0", &all());
        assert_eq!(formula.matches("sha256").count(), 4);
        for installed in [
            "bash_completion",
            "zsh_completion",
            "fish_completion",
            "man1",
            "kubectl-rolecall",
            "kubectl_complete-rolecall",
        ] {
            assert!(formula.contains(installed), "{installed}");
        }
    }
}
