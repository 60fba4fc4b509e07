//! The templates of a chart as text.

use std::fs;
use std::path::{Path, PathBuf};

/// The most templates of a chart that are read.
const MOST_FILES: usize = 2000;

/// The largest template that is read.
const LARGEST: u64 = 1 << 20;

/// A template of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The real path.
    pub file: PathBuf,
    /// The text.
    pub text: String,
}

/// Reads the templates of a chart without those of its subcharts, sorted by path. Files above 1 MiB, and those after
/// the first 2000, are left out.
pub fn templates(chart: &Path) -> Vec<Template> {
    let mut templates = Vec::new();
    let mut open = vec![chart.join("templates")];
    let mut files = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let file = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(file),
                Ok(kind) if kind.is_file() && files < MOST_FILES => {
                    files += 1;
                    let is_small = entry.metadata().is_ok_and(|it| it.len() <= LARGEST);
                    let text = if is_small { fs::read_to_string(&file) } else { continue };
                    templates.extend(text.ok().map(|text| Template { file, text }));
                }
                _ => {}
            }
        }
    }
    templates.sort_by(|left, right| left.file.cmp(&right.file));
    templates
}
