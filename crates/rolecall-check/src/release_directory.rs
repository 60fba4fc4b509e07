//! Directories that are named after releases, such as `v0.18.1` and `release-1.2`.

/// The number of a release; a later one is greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReleaseNumber {
    numbers: Vec<u64>,
    /// `false` for a release candidate, which comes before the release.
    is_final: bool,
    /// The numbers of a release candidate.
    candidate: Vec<u64>,
}

impl ReleaseNumber {
    /// Reads the name of a directory: a number with at least one dot.
    fn parse(name: &str) -> Option<Self> {
        let name = name.strip_prefix("release-").unwrap_or(name);
        let name = name.strip_prefix('v').unwrap_or(name);
        let end = name.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(name.len());
        let (number, suffix) = name.split_at_checked(end)?;
        let number = number.trim_end_matches('.');
        let mut numbers = Vec::new();
        for part in number.split('.') {
            numbers.push(part.parse().ok()?);
        }
        let is_suffix = suffix.is_empty() || suffix == "x" || suffix.starts_with(['-', '+', '_']);
        if numbers.len() < 2 || !is_suffix {
            return None;
        }
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        let candidate = suffix.split(|c: char| !c.is_ascii_digit());
        let candidate = candidate.filter_map(|part| part.parse().ok()).collect();
        let is_final = !suffix.starts_with('-');
        Some(Self { numbers, is_final, candidate })
    }
}

/// Returns the directories of a path that are named after releases: the path of the directory above,
/// and the number.
pub(crate) fn release_directories(
    directories: &str,
) -> impl Iterator<Item = (&str, ReleaseNumber)> {
    let mut start = 0;
    directories.split('/').filter_map(move |name| {
        let parent = directories.get(..start).unwrap_or_default();
        start += name.len() + 1;
        Some((parent, ReleaseNumber::parse(name)?))
    })
}

/// Returns whether a file is in the directory of a later release than another one, so that it
/// replaces that.
pub fn is_of_later_release(file: &str, other: &str) -> bool {
    let mut releases = release_directories(file).zip(release_directories(other));
    releases.any(|((parent, one), (beside, other))| parent == beside && one > other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_releases_are_compared_part_by_part() {
        let ascending =
            ["v0.9", "v0.9.1", "0.10.0-rc0", "0.10.0-rc1", "0.10.0-rc10", "release-0.10", "1.2.x"];
        let numbers: Vec<ReleaseNumber> =
            ascending.iter().map(|name| ReleaseNumber::parse(name).unwrap()).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
        assert_eq!(ReleaseNumber::parse("v0.10"), ReleaseNumber::parse("0.10.0"));
        for name in ["v1", "v1beta1", "kubernetes-1.30", "1.2foo", "latest", "", "v"] {
            assert_eq!(ReleaseNumber::parse(name), None, "{name}");
        }
    }
}
