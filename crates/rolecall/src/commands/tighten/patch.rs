//! A patch of manifests: only the lines of rules and objects that change.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use rolecall_grant::{GrantedRole, Object, yaml_without_comments};
use rolecall_rbac::{Inventory, Metadata, Origin, PolicyRule, Role};
use rolecall_usage::{Edit, Tightened};
use rolecall_yaml::{Field, FieldStep, Region, locate};

use crate::commands::fix::diff;
use crate::error::CommandError;
use crate::file::unreadable;
use crate::render::plain;
use crate::ui::Ui;
use crate::words;

/// The changes of one file: lines that are replaced, and text at the end.
#[derive(Default)]
struct Changes {
    /// The first line and the one behind the last, from 0, and the new lines.
    lines: BTreeMap<(usize, usize), Vec<String>>,
    appended: String,
}

/// Writes the changes of files as a unified diff. Other changes are reported.
pub(super) fn write(
    ui: &Ui,
    out: &mut impl Write,
    inventory: &Inventory,
    tightened: &Tightened,
) -> Result<(), CommandError> {
    let mut files: BTreeMap<String, Changes> = BTreeMap::new();
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut unplaced = Vec::new();
    for edit in &tightened.edits {
        let placed = place(edit, inventory, &mut files, &mut texts)?;
        if !placed {
            unplaced.push(describe(edit));
        }
    }
    for (path, changes) in files {
        let old = texts.get(&path).map_or("", String::as_str);
        let new = changes.applied(old);
        let (before, after) = match path.starts_with('/') {
            true => (path.clone(), path.clone()),
            false => (format!("a/{path}"), format!("b/{path}")),
        };
        writeln!(out, "--- {}\n+++ {}", plain(&before), plain(&after))?;
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        diff::write_hunks(out, &diff::compare(&old, &new))?;
    }
    for text in unplaced {
        ui.warn(format!("the patch does not contain {text}: its file cannot be changed"));
    }
    Ok(())
}

/// Adds an edit to the changes of its file; returns whether that is possible.
fn place(
    edit: &Edit,
    inventory: &Inventory,
    files: &mut BTreeMap<String, Changes>,
    texts: &mut BTreeMap<String, String>,
) -> Result<bool, CommandError> {
    let (kind, metadata) = match edit {
        Edit::Role(role) => (role.kind(), &role.metadata),
        Edit::Binding(binding) => (binding.kind(), &binding.metadata),
        Edit::DeleteRole(of) if of.namespace.is_empty() => ("ClusterRole", of),
        Edit::DeleteRole(of) => ("Role", of),
        Edit::DeleteBinding(of) if of.namespace.is_empty() => ("ClusterRoleBinding", of),
        Edit::DeleteBinding(of) => ("RoleBinding", of),
    };
    let existing = match kind {
        "Role" | "ClusterRole" => {
            inventory.role(&metadata.namespace, &metadata.name).map(|role| &role.metadata)
        }
        _ => inventory.binding(&metadata.namespace, &metadata.name).map(|it| &it.metadata),
    };
    // A new object is added to the file of the binding that it divides or copies.
    let Some(existing) = existing else {
        let Some(path) = files.keys().next_back().cloned().or_else(|| any_file(inventory)) else {
            return Ok(false);
        };
        read(&path, texts)?;
        files.entry(path).or_default().append(edit);
        return Ok(true);
    };
    let Origin::File { path, line } = &existing.origin else { return Ok(false) };
    if &**path == "-" {
        return Ok(false);
    }
    let text = read(path, texts)?.clone();
    let find = |steps: Vec<FieldStep<'_>>| {
        let field = Field { line: *line, kind, name: &metadata.name, steps };
        locate(text.as_bytes(), &[field]).into_iter().next().flatten()
    };
    let changes = files.entry(path.to_string()).or_default();
    match edit {
        Edit::Role(role) => {
            let old = inventory.role(&metadata.namespace, &metadata.name);
            let Some(old) = old else { return Ok(false) };
            Ok(changes.set_rules(&text, old, role, find))
        }
        Edit::Binding(_) => {
            let Some(region) = find(Vec::new()) else { return Ok(false) };
            changes.delete(&text, region);
            changes.append(edit);
            Ok(true)
        }
        Edit::DeleteRole(_) | Edit::DeleteBinding(_) => {
            let Some(region) = find(Vec::new()) else { return Ok(false) };
            changes.delete(&text, region);
            Ok(true)
        }
    }
}

fn read<'t>(
    path: &str,
    texts: &'t mut BTreeMap<String, String>,
) -> Result<&'t String, CommandError> {
    if !texts.contains_key(path) {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path.as_ref(), error))?;
        texts.insert(path.to_owned(), text);
    }
    Ok(texts.entry(path.to_owned()).or_default())
}

fn any_file(inventory: &Inventory) -> Option<String> {
    let of = |metadata: &Metadata| match &metadata.origin {
        Origin::File { path, .. } if &**path != "-" => Some(path.to_string()),
        _ => None,
    };
    inventory.bindings().iter().find_map(|binding| of(&binding.metadata))
}

fn describe(edit: &Edit) -> String {
    match edit {
        Edit::Role(role) => words::role(role),
        Edit::Binding(binding) => words::binding(binding),
        Edit::DeleteRole(of) => format!("the deletion of role {}", words::qualified(of)),
        Edit::DeleteBinding(of) => format!("the deletion of binding {}", words::qualified(of)),
    }
}

impl Changes {
    /// Replaces the rules that change, each by the ones that remain of it.
    fn set_rules(
        &mut self,
        text: &str,
        old: &Role,
        new: &Role,
        find: impl Fn(Vec<FieldStep<'_>>) -> Option<Region>,
    ) -> bool {
        let lines: Vec<&str> = text.lines().collect();
        let mut remaining = new.rules.iter().peekable();
        let mut edits = Vec::new();
        for (index, rule) in old.rules.iter().enumerate() {
            let mut instead = Vec::new();
            while let Some(next) = remaining.next_if(|next| *next != rule && is_part(next, rule)) {
                instead.push(next);
            }
            if instead.is_empty() && remaining.next_if(|next| *next == rule).is_some() {
                continue;
            }
            let region = find(vec![FieldStep::Key("rules"), FieldStep::Index(index)]);
            let Some(region) = region else { return false };
            let Some((first, behind, indent)) = item(&lines, region) else { return false };
            let new: Vec<String> =
                instead.iter().flat_map(|rule| rule_lines(rule, indent)).collect();
            // The comment above a rule goes with it.
            let first = if new.is_empty() { above_comments(&lines, first) } else { first };
            edits.push(((first, behind), new));
        }
        if remaining.peek().is_some() {
            return false;
        }
        self.lines.extend(edits);
        true
    }

    /// Deletes an object with the comments above it, and the separator.
    fn delete(&mut self, text: &str, region: Region) {
        let lines: Vec<&str> = text.lines().collect();
        let line = |number: u32| usize::try_from(number).unwrap_or(1).saturating_sub(1);
        let mut first = above_comments(&lines, line(region.start.line));
        let mut behind = line(region.end.line) + usize::from(region.end.column > 1);
        while lines.get(behind).is_some_and(|line| line.trim().is_empty()) {
            behind += 1;
        }
        let is_separator = |at: usize| lines.get(at).is_some_and(|line| line.starts_with("---"));
        if is_separator(behind) {
            behind += 1;
        } else if first > 0 && is_separator(first - 1) {
            first -= 1;
        }
        self.lines.insert((first, behind), Vec::new());
    }

    fn append(&mut self, edit: &Edit) {
        let object = match edit {
            Edit::Role(role) => {
                Object::Role(GrantedRole { role: role.clone(), answers: Vec::new() })
            }
            Edit::Binding(binding) => Object::Binding(binding.clone()),
            Edit::DeleteRole(_) | Edit::DeleteBinding(_) => return,
        };
        self.appended.push_str("---\n");
        self.appended.push_str(&yaml_without_comments(&[object]));
    }

    fn applied(&self, old: &str) -> String {
        let lines: Vec<&str> = old.lines().collect();
        let mut new = String::new();
        let mut at = 0;
        let push = |from: usize, to: usize, new: &mut String| {
            for line in lines.iter().take(to).skip(from) {
                new.push_str(line);
                new.push('\n');
            }
        };
        for ((first, behind), instead) in &self.lines {
            push(at, *first, &mut new);
            for line in instead {
                new.push_str(line);
                new.push('\n');
            }
            at = (*behind).max(at);
        }
        push(at, lines.len(), &mut new);
        if !self.appended.is_empty() {
            // A deleted last object leaves its separator.
            new.truncate(new.strip_suffix("---\n").map_or(new.len(), str::len));
        }
        let is_empty = new.trim().is_empty();
        let appended = match is_empty {
            true => self.appended.strip_prefix("---\n").unwrap_or(&self.appended),
            false => &self.appended,
        };
        if is_empty { appended.to_owned() } else { new + appended }
    }
}

/// Returns the first line of the comments above a line.
fn above_comments(lines: &[&str], line: usize) -> usize {
    let is_comment = |line: &&&str| line.trim_start().starts_with('#');
    let comments = lines.iter().take(line).rev().take_while(is_comment).count();
    line - comments
}

/// Returns whether a rule allows nothing beyond another one.
fn is_part(part: &PolicyRule, whole: &PolicyRule) -> bool {
    rolecall_rbac::covers(std::slice::from_ref(whole), std::slice::from_ref(part)).is_complete()
}

/// Returns the lines of an item of a block list, and its indentation.
fn item(lines: &[&str], region: Region) -> Option<(usize, usize, usize)> {
    let first = usize::try_from(region.start.line).ok()?.checked_sub(1)?;
    let line = lines.get(first)?;
    let indent = line.len() - line.trim_start().len();
    let column = usize::try_from(region.start.column).ok()?.checked_sub(1)?;
    let before = line.get(..column)?;
    if !line.trim_start().starts_with('-') || before.trim() != "-" {
        return None;
    }
    let last = usize::try_from(region.end.line).ok()?.checked_sub(1)?;
    let mut behind = if region.end.column > 1 { last + 1 } else { last };
    // The end can lie behind blank lines and comments, which stay.
    while behind > first + 1
        && lines.get(behind - 1).is_none_or(|line| {
            let text = line.trim_start();
            text.is_empty() || text.starts_with('#') || line.len() - text.len() <= indent
        })
    {
        behind -= 1;
    }
    Some((first, behind, indent))
}

/// Writes a rule as an item of a block list.
fn rule_lines(rule: &PolicyRule, indent: usize) -> Vec<String> {
    let object = Object::Role(GrantedRole {
        role: Role {
            metadata: Metadata::new("", "x"),
            rules: std::sync::Arc::from([rule.clone()]),
            aggregation: None,
        },
        answers: Vec::new(),
    });
    let yaml = yaml_without_comments(&[object]);
    let rules = yaml.lines().skip_while(|line| *line != "rules:").skip(1);
    let rules: Vec<&str> = rules.collect();
    let own = rules.first().map_or(0, |line| line.len() - line.trim_start().len());
    rules
        .into_iter()
        .map(|line| format!("{}{}", " ".repeat(indent), line.get(own..).unwrap_or(line)))
        .collect()
}
