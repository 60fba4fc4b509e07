//! Files whose objects nobody installs outside a test cluster, those of older releases, and copies.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Origin;

use crate::merged_words::OF_WORKLOADS;
use crate::release_directory::{ReleaseNumber, release_directories};
use crate::{Category, Finding, Severity};

/// Words in the names of directories of tests. Other words that end with `tests` count too.
const WORDS: [&str; 7] =
    ["acceptance", "benchmark", "benchmarks", "chainsaw", "e2e", "kuttl", "testdata"];

/// The directory that contains the tests of many projects, unless directories of other environments
/// are beside it.
const TEST: &str = "test";

/// The names of directories with copies of the files of other projects, which the next copy replaces.
const COPIES: [&str; 5] = ["third-party", "third_party", "upstream", "vendor", "vendored"];

/// Names of environments.
const ENVIRONMENTS: [&str; 12] = [
    "dev",
    "development",
    "int",
    "integration",
    "live",
    "preprod",
    "prod",
    "production",
    "qa",
    "stage",
    "staging",
    "uat",
];

/// Why the findings about an object are informational.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetAside {
    /// It is in a directory of tests.
    Tests,
    /// It is in the directory of a release, and the input contains that of a later one.
    OlderRelease,
    /// It is in a directory of copies of the files of other projects, which are installed like others.
    Copies,
}

/// The files that are set aside, below the paths that the user named.
#[derive(Clone, Debug, Default)]
pub struct SetAsideFiles {
    roots: Vec<String>,
    /// The directories that contain directories of releases, with the latest release.
    latest: BTreeMap<String, ReleaseNumber>,
    /// The roots with directories of environments.
    environments: BTreeSet<String>,
}

impl SetAsideFiles {
    /// Finds the files among `files`, below `roots`, the paths that the user named.
    pub fn new<'f>(roots: Vec<String>, files: impl IntoIterator<Item = &'f str>) -> Self {
        let mut set = Self { roots, ..Self::default() };
        let mut last = None;
        for file in files {
            // Files are sorted, so most follow another one of their directory.
            let directory = file.rsplit_once('/').map(|(directory, _)| directory);
            if directory.is_some() && std::mem::replace(&mut last, directory) == directory {
                continue;
            }
            let Some((root, directories)) = set.below(file) else { continue };
            let first = directories.split('/').next().unwrap_or_default();
            let environments = ENVIRONMENTS.contains(&first).then(|| root.to_owned());
            let found: Vec<(String, ReleaseNumber)> = release_directories(directories)
                .map(|(parent, release)| (format!("{root}/{parent}"), release))
                .collect();
            set.environments.extend(environments);
            for (parent, release) in found {
                let latest = set.latest.entry(parent).or_insert_with(|| release.clone());
                if *latest < release {
                    *latest = release;
                }
            }
        }
        set
    }

    /// Returns why a finding is informational; `None` if it is not.
    pub fn reason(&self, finding: &Finding) -> Option<SetAside> {
        let is_about_objects = !matches!(
            finding.rule.category,
            Category::Expectation | Category::Rendering | Category::Suppression
        );
        if !is_about_objects {
            return None;
        }
        let can_be_of_copy = finding.rule.category != Category::Denied;
        let of_bindings = || {
            let is_of_workload = OF_WORKLOADS.contains(&finding.rule.code);
            let related = finding.related.iter().filter(|it| it.object.kind.ends_with("Binding"));
            let mut reasons =
                related.filter(|_| is_of_workload).map(|it| self.of(&it.object.origin));
            let first = reasons.next()??;
            reasons.all(|reason| reason.is_some()).then_some(first)
        };
        let reason = self.of(&finding.object.origin).or_else(of_bindings);
        reason.filter(|reason| can_be_of_copy || *reason != SetAside::Copies)
    }

    /// Returns whether a finding is about an object that is not installed together with others.
    pub fn is_apart(&self, finding: &Finding) -> bool {
        self.reason(finding).is_some_and(SetAside::is_apart)
    }

    /// Returns whether an object is in a file whose objects are not installed together with others.
    pub fn contains(&self, origin: &Origin) -> bool {
        self.of(origin).is_some_and(SetAside::is_apart)
    }

    /// Returns whether the objects of a file are not installed together with others, which its directory decides.
    pub fn contains_file(&self, file: &str) -> bool {
        self.reason_of(file).is_some_and(SetAside::is_apart)
    }

    fn of(&self, origin: &Origin) -> Option<SetAside> {
        match origin {
            Origin::File { path, .. } => self.reason_of(path),
            _ => None,
        }
    }

    /// Makes findings informational that are about objects in such files.
    pub fn soften(&self, findings: &mut [Finding]) {
        for finding in findings {
            if finding.severity > Severity::Info && self.reason(finding).is_some() {
                finding.severity = Severity::Info;
            }
        }
    }

    fn reason_of(&self, file: &str) -> Option<SetAside> {
        let (root, directories) = self.below(file)?;
        // `helm test` runs the hooks in `templates/tests` in the cluster of the release.
        let directories =
            directories.split_once("templates/tests").map_or(directories, |(chart, _)| chart);
        // A user that names a directory of tests wants to see its findings.
        let is_of_tests = has_word(directories)
            || (directories.split('/').next() == Some(TEST) && !self.environments.contains(root));
        if is_of_tests && !has_word(root) && !root.split('/').any(|name| name == TEST) {
            return Some(SetAside::Tests);
        }
        let mut releases = release_directories(directories);
        let is_older = releases.any(|(parent, release)| {
            let latest = self.latest.get(&format!("{root}/{parent}"));
            latest.is_some_and(|latest| release < *latest)
        });
        if is_older {
            return Some(SetAside::OlderRelease);
        }
        let is_copy = |path: &str| path.split('/').any(|name| COPIES.contains(&name));
        (is_copy(directories) && !is_copy(root)).then_some(SetAside::Copies)
    }

    /// Splits the path of a file into the closest root above it and the directories below that.
    fn below<'p>(&'p self, file: &'p str) -> Option<(&'p str, &'p str)> {
        let file = file.trim_start_matches("./");
        let below = |root: &'p String| {
            let root = root.trim_start_matches("./").trim_end_matches('/');
            let rest = match root {
                "" | "." => file,
                root => file.strip_prefix(root)?.strip_prefix('/')?,
            };
            Some((root, rest))
        };
        let (root, rest) =
            self.roots.iter().filter_map(below).min_by_key(|(_, rest)| rest.len())?;
        Some((root, rest.rsplit_once('/').map_or("", |(directories, _)| directories)))
    }
}

impl SetAside {
    /// Returns whether such objects are not installed together with others.
    fn is_apart(self) -> bool {
        self != Self::Copies
    }
}

fn has_word(path: &str) -> bool {
    path.split(['/', '-', '_', '.']).any(|word| WORDS.contains(&word) || word.ends_with("tests"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(path: &str, roots: &str, others: &[&str]) -> Option<SetAside> {
        let roots = roots.split(' ').map(str::to_owned).collect();
        let files = others.iter().copied().chain([path]);
        SetAsideFiles::new(roots, files).reason_of(path)
    }

    #[test]
    fn only_directories_below_the_named_paths_are_of_tests() {
        for (path, roots, expected) in [
            ("app/tests/rbac/a.yaml", "app", true),
            ("app/e2e-tests/a.yaml", "app/", true),
            ("app/integrationtests/a.yaml", "app/", true),
            ("acceptance/a.yaml", ".", true),
            ("app/pkg/testdata/a.yaml", "./app", true),
            ("./tests/a.yaml", ".", true),
            ("./test/load/a.yaml", ".", true),
            ("/src/app/tests/a.yaml", "/src/app", true),
            ("tests/a.yaml", "tests", false),
            ("app/tests/e2e/a.yaml", "app/tests", false),
            ("app/test/e2e/a.yaml", "app/test", false),
            ("tests/a.yaml", "tests/a.yaml", false),
            ("app/tests/a.yaml", "app app/tests", false),
            ("app/overlays/test/a.yaml", "app", false),
            ("app/chart/templates/tests/a.yaml", "app", false),
            ("app/tests.yaml", "app", false),
            ("app/latest/a.yaml", "app", false),
            ("-", "app", false),
        ] {
            let expected = expected.then_some(SetAside::Tests);
            assert_eq!(reason(path, roots, &[]), expected, "{path} in {roots:?}");
        }
    }

    #[test]
    fn directories_of_copies_are_named_after_their_purpose() {
        for (path, roots, expected) in [
            ("common/knative/upstream/a.yaml", ".", true),
            ("deploy/third_party/calico/a.yaml", "deploy", true),
            ("vendor/a.yaml", ".", true),
            ("common/knative/upstream/a.yaml", "common/knative/upstream", false),
            ("common/upstreams/a.yaml", ".", false),
            ("vendor.yaml", ".", false),
            ("vendor-portal/a.yaml", ".", false),
        ] {
            let expected = expected.then_some(SetAside::Copies);
            assert_eq!(reason(path, roots, &[]), expected, "{path} in {roots:?}");
        }
        // They are installed together with other objects.
        let copies = SetAsideFiles::new(vec![".".to_owned()], ["vendor/a.yaml"]);
        assert!(!copies.contains_file("vendor/a.yaml"));
    }

    #[test]
    fn test_is_an_environment_beside_others() {
        assert_eq!(reason("test/a.yaml", ".", &["prod/a.yaml"]), None);
        assert_eq!(reason("test/a.yaml", ".", &["config/a.yaml"]), Some(SetAside::Tests));
    }

    #[test]
    fn releases_are_older_beside_a_later_one() {
        let others = ["install/v0.9.0/a.yaml", "install/v0.10.0-rc1/a.yaml", "docs/a.yaml"];
        for (path, expected) in [
            ("install/v0.9.0/a.yaml", true),
            ("install/v0.10.0-rc0/b.yaml", true),
            ("install/v0.10.0-rc1/a.yaml", false),
            ("install/v0.10.0/a.yaml", false),
            ("install/a.yaml", false),
            ("other/v0.9.0/a.yaml", false),
            ("install/v0.9/a.yaml", true),
            ("install/v1/a.yaml", false),
            ("install/python3.9/a.yaml", false),
        ] {
            let expected = expected.then_some(SetAside::OlderRelease);
            assert_eq!(reason(path, ".", &others), expected, "{path}");
        }
        assert_eq!(reason("install/v0.9.0/a.yaml", "install/v0.9.0", &others), None);
    }
}
