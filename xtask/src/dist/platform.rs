//! The platforms of releases.

use rolecall_task::failure::{Failure, Result};

/// A platform with its names in Rust, Go (and krew) and Homebrew.
#[derive(Debug, PartialEq)]
pub(super) struct Platform {
    /// The Rust target of releases.
    pub(super) target: &'static str,
    pub(super) os: &'static str,
    pub(super) arch: &'static str,
}

pub(super) const PLATFORMS: [Platform; 5] = [
    Platform { target: "x86_64-unknown-linux-musl", os: "linux", arch: "amd64" },
    Platform { target: "aarch64-unknown-linux-musl", os: "linux", arch: "arm64" },
    Platform { target: "x86_64-apple-darwin", os: "darwin", arch: "amd64" },
    Platform { target: "aarch64-apple-darwin", os: "darwin", arch: "arm64" },
    Platform { target: "x86_64-pc-windows-msvc", os: "windows", arch: "amd64" },
];

impl Platform {
    /// Returns the platform of a target. The C library and linker do not matter.
    pub(super) fn of(target: &str) -> Result<Self> {
        let is_same = |platform: &&Self| {
            let system = |target: &str| target.split('-').take(3).collect::<Vec<_>>().join("-");
            system(platform.target) == system(target)
        };
        let known = PLATFORMS.iter().find(is_same);
        known.map(|known| Self { ..*known }).ok_or_else(|| {
            let targets: Vec<&str> = PLATFORMS.iter().map(|platform| platform.target).collect();
            Failure::new(format!("there are no releases for `{target}`"))
                .remedy(format!("use one of {}", targets.join(", ")))
        })
    }

    /// Returns the platform's part of file names.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.os, self.arch)
    }

    /// Returns the name of the archive. It has no version, so that the URL of the latest release is
    /// fixed.
    pub(super) fn archive(&self) -> String {
        format!("rolecall-{}.tar.gz", self.name())
    }

    /// Returns the name of the binary.
    pub(super) fn binary(&self) -> &'static str {
        if self.os == "windows" { "rolecall.exe" } else { "rolecall" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_with_another_c_library_has_the_same_platform() {
        let name = |target| Platform::of(target).map(|platform| platform.name()).ok();
        assert_eq!(name("x86_64-unknown-linux-gnu").as_deref(), Some("linux-amd64"));
        assert_eq!(name("aarch64-unknown-linux-musl").as_deref(), Some("linux-arm64"));
        assert_eq!(name("x86_64-pc-windows-gnu").as_deref(), Some("windows-amd64"));
        assert_eq!(name("riscv64gc-unknown-linux-gnu"), None);
    }
}
