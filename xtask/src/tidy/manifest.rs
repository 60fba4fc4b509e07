//! The dependency sections of a Cargo.toml.
//!
//! Only one form is supported, one line per dependency. Other lines are returned as they are and
//! become a problem, so that nothing is hidden.

/// A line of a dependency section.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency<'a> {
    pub(super) name: &'a str,
    pub(super) section: Section,
    /// The text after the name: `.workspace = true`, ` = "1"`.
    pub(super) value: &'a str,
    /// Whether the previous line is a comment, or this one ends in a comment.
    pub(super) has_comment: bool,
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// `[dependencies]`, `[build-dependencies]`, and those of a target.
    Normal,
    /// `[dev-dependencies]`.
    Dev,
    /// `[workspace.dependencies]`.
    Table,
}

/// Returns the dependencies of a manifest in order.
pub(super) fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut section = None;
    let mut after_comment = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = section_of(header.split(']').next().unwrap_or_default());
            // `[dependencies.NAME]` is a dependency written as a section.
            if let Some((section, name)) =
                table_header(header.split(']').next().unwrap_or_default())
            {
                let dependency = Dependency {
                    name,
                    section,
                    value: "",
                    has_comment: after_comment,
                    line: index + 1,
                };
                found.push(dependency);
            }
        } else if let Some(section) = section
            && !line.is_empty()
            && !line.starts_with('#')
        {
            let end = line.find(['.', '=', ' ']).unwrap_or(line.len());
            let (name, value) = line.split_at_checked(end).unwrap_or((line, ""));
            let has_comment = after_comment || value.contains(" # ");
            found.push(Dependency { name, section, value, has_comment, line: index + 1 });
        }
        after_comment = line.starts_with('#');
    }
    found
}

fn section_of(header: &str) -> Option<Section> {
    match header.rsplit('.').next()? {
        "dependencies" if header == "workspace.dependencies" => Some(Section::Table),
        "dependencies" | "build-dependencies" => Some(Section::Normal),
        "dev-dependencies" => Some(Section::Dev),
        _ => None,
    }
}

fn table_header(header: &str) -> Option<(Section, &str)> {
    let (section, name) = header.rsplit_once('.')?;
    Some((section_of(section)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_read() {
        let manifest = "\
[package]
name = \"a\"

[dependencies]
# Why.
b.workspace = true
c = { workspace = true, features = [\"x\"] } # Why too.

[target.'cfg(unix)'.dependencies]
d.workspace = true

[dev-dependencies]
e = \"1\"

[dependencies.f]
version = \"1\"

[lints]
workspace = true
";
        let rows: Vec<_> = dependencies(manifest)
            .into_iter()
            .map(|d| (d.name, d.section, d.has_comment, d.line))
            .collect();
        assert_eq!(
            rows,
            [
                ("b", Section::Normal, true, 6),
                ("c", Section::Normal, true, 7),
                ("d", Section::Normal, false, 10),
                ("e", Section::Dev, false, 13),
                ("f", Section::Normal, false, 15),
            ]
        );
    }
}
