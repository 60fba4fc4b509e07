//! Files of tests, whose objects nobody installs outside of a test cluster.

use rolecall_rbac::Origin;

use crate::{Category, Finding, Severity};

/// Words in the names of their directories. `test` alone is also the name of an environment.
const WORDS: [&str; 5] = ["chainsaw", "e2e", "kuttl", "testdata", "tests"];

/// Returns whether a finding is about an object in a directory of tests below one of `roots`, the paths that
/// the user named.
pub fn is_in_tests(finding: &Finding, roots: &[String]) -> bool {
    let Origin::File { path, .. } = &finding.object.origin else { return false };
    let is_about_objects = !matches!(
        finding.rule.category,
        Category::Expectation | Category::Rendering | Category::Suppression
    );
    is_about_objects && is_test_file(path, roots)
}

/// Makes findings about objects of tests informational.
pub fn soften_tests(findings: &mut [Finding], roots: &[String]) {
    for finding in findings {
        if finding.severity > Severity::Info && is_in_tests(finding, roots) {
            finding.severity = Severity::Info;
        }
    }
}

fn is_test_file(path: &str, roots: &[String]) -> bool {
    let below = |root: &String| {
        let root = root.trim_start_matches("./").trim_end_matches('/');
        let path = path.trim_start_matches("./");
        let rest = match root {
            "" | "." => path,
            root => path.strip_prefix(root)?.strip_prefix('/')?,
        };
        Some((root.to_owned(), rest))
    };
    let Some((root, rest)) = roots.iter().filter_map(below).min_by_key(|(_, rest)| rest.len())
    else {
        return false;
    };
    let has_word = |path: &str| path.split(['/', '-', '_', '.']).any(|word| WORDS.contains(&word));
    // A user that names a directory of tests wants to see its findings.
    let directories = rest.rsplit_once('/').map_or("", |(directories, _)| directories);
    // `helm test` runs the hooks in `templates/tests` in the cluster of the release.
    let directories =
        directories.split_once("templates/tests").map_or(directories, |(chart, _)| chart);
    !has_word(&root) && has_word(directories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_below_the_named_paths_are_of_tests() {
        for (path, roots, expected) in [
            ("app/tests/rbac/a.yaml", "app", true),
            ("app/e2e-tests/a.yaml", "app/", true),
            ("app/pkg/testdata/a.yaml", "./app", true),
            ("./tests/a.yaml", ".", true),
            ("/src/app/tests/a.yaml", "/src/app", true),
            ("tests/a.yaml", "tests", false),
            ("app/tests/e2e/a.yaml", "app/tests", false),
            ("tests/a.yaml", "tests/a.yaml", false),
            ("app/tests/a.yaml", "app app/tests", false),
            ("app/overlays/test/a.yaml", "app", false),
            ("app/chart/templates/tests/a.yaml", "app", false),
            ("app/tests.yaml", "app", false),
            ("app/latest/a.yaml", "app", false),
            ("-", "app", false),
        ] {
            let roots: Vec<String> = roots.split(' ').map(str::to_owned).collect();
            assert_eq!(is_test_file(path, &roots), expected, "{path} in {roots:?}");
        }
    }
}
