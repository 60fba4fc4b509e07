//! The settings of `render` in `rolecall.yaml`.

use std::path::{Path, PathBuf};

use rolecall_check::RenderSetting;
use rolecall_rbac::Origin;
use rolecall_render::{Boundary, Release, Target, TargetKind};

use crate::cli::SourceOptions;
use crate::error::{CommandError, Hint};

/// The options of `helm template` that settings can use, with whether they take a value. Others could run
/// programs, write files or read outside the repository.
const HELM_OPTIONS: [(&str, bool); 12] = [
    ("--api-versions", true),
    ("-a", true),
    ("--kube-version", true),
    ("--set", true),
    ("--set-string", true),
    ("--set-json", true),
    ("--set-literal", true),
    ("--no-hooks", false),
    ("--skip-tests", false),
    ("--skip-crds", false),
    ("--is-upgrade", false),
    ("--skip-schema-validation", false),
];

/// Applies settings to the targets that they name. A setting with a name adds a variant. A setting for a
/// target outside `source` has no effect: a configuration is about a whole repository.
pub(super) fn apply(
    targets: &mut Vec<Target>,
    settings: &[RenderSetting],
    boundaries: &[Boundary],
    source: &SourceOptions,
) -> Result<(), CommandError> {
    let mut variants: Vec<Target> = Vec::new();
    for setting in settings {
        let glob = &setting.target;
        // An end is enough, as the names begin with the path on the command line.
        let is_exact = targets.iter().any(|target| glob.matches_whole(&target.name));
        let is_named = |name: &str| match is_exact {
            true => glob.matches_whole(name),
            false => glob.matches(name),
        };
        let mut is_used = false;
        for target in targets.iter_mut().filter(|target| is_named(&target.name)) {
            is_used = true;
            let changed = changed(target, setting, boundaries)?;
            if setting.name.is_none() {
                *target = changed;
            } else if variants.iter().any(|variant| variant.name == changed.name) {
                let what = format!("there are two variants with the name `{}`", changed.name);
                return Err(invalid(setting, &what));
            } else {
                variants.push(changed);
            }
        }
        if !is_used && is_within(setting, source) {
            return Err(invalid(setting, "no target has this name")
                .with_hint(Hint::run("rolecall targets PATH", "list the targets")));
        }
    }
    targets.extend(variants);
    targets.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(())
}

/// Returns whether the source includes the target of a setting, if there is one.
fn is_within(setting: &RenderSetting, source: &SourceOptions) -> bool {
    let root = directory(setting);
    let is_read = |path: &PathBuf| path.canonicalize().is_ok_and(|path| root.starts_with(path));
    let name = setting.target.as_str();
    let mut parents = name.match_indices('/').map(|(at, _)| name.get(..at).unwrap_or_default());
    let is_excluded = |path: &str| {
        let ends = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
        let mut ends = std::iter::once(path).chain(ends);
        ends.any(|end| source.exclude.iter().any(|it| it.glob.matches(end)))
    };
    source.filename.iter().any(is_read) && !is_excluded(name) && !parents.any(is_excluded)
}

/// Returns the real path of the directory of a setting's configuration.
fn directory(setting: &RenderSetting) -> PathBuf {
    let file = match &setting.origin {
        Origin::File { path, .. } => Path::new(&**path),
        Origin::Cluster | Origin::Default => Path::new(""),
    };
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    directory.canonicalize().unwrap_or_default()
}

fn changed(
    target: &Target,
    setting: &RenderSetting,
    boundaries: &[Boundary],
) -> Result<Target, CommandError> {
    let mut changed = target.clone();
    if let Some(name) = &setting.name {
        changed.name = format!("{}:{name}", target.shown);
    }
    match &mut changed.kind {
        TargetKind::Kustomize { namespace, .. } => {
            let is_for_helm = !setting.values.is_empty()
                || !setting.set.is_empty()
                || !setting.args.is_empty()
                || setting.release_name.is_some();
            if is_for_helm {
                let what = "`values`, `set`, `args` and `releaseName` apply only to charts";
                return Err(invalid(setting, what));
            }
            if setting.namespace.is_some() {
                *namespace = setting.namespace.clone();
            }
        }
        TargetKind::Helm(release) => change_release(release, setting, boundaries)?,
    }
    Ok(changed)
}

fn change_release(
    release: &mut Release,
    setting: &RenderSetting,
    boundaries: &[Boundary],
) -> Result<(), CommandError> {
    let directory = directory(setting);
    for values in &setting.values {
        let resolved = boundaries.iter().find_map(|it| it.resolve(&directory, values));
        let Some(values) = resolved else {
            return Err(invalid(setting, &format!("`{values}` is outside the repository")));
        };
        release.values.push(values);
    }
    for (name, value) in &setting.set {
        release.arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    let mut arguments = setting.args.iter();
    while let Some(argument) = arguments.next() {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (&**argument, None),
        };
        let known = HELM_OPTIONS.iter().find(|(known, _)| *known == option);
        let Some((_, takes_value)) = known else {
            let known: Vec<&str> = HELM_OPTIONS.iter().map(|(option, _)| *option).collect();
            let what = format!("`args` cannot contain `{option}`: use {}", known.join(", "));
            return Err(invalid(setting, &what));
        };
        release.arguments.push(argument.clone());
        if *takes_value && value.is_none() {
            let Some(value) = arguments.next() else {
                return Err(invalid(setting, &format!("`{option}` in `args` needs a value")));
            };
            release.arguments.push(value.clone());
        }
    }
    if let Some(name) = &setting.release_name {
        release.name.clone_from(name);
    }
    if setting.namespace.is_some() {
        release.namespace.clone_from(&setting.namespace);
    }
    Ok(())
}

fn invalid(setting: &RenderSetting, what: &str) -> CommandError {
    let place = setting.origin.position().unwrap_or_default();
    CommandError::input(format!("{place}: `render` for `{}`: {what}", setting.target.as_str()))
}
