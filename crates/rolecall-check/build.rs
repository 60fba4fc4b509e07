//! Compiles the documents in `rules/` into the table of rules, so that a missing or malformed document is a
//! compile error and nothing is parsed at run time.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules");
    let mut paths = Vec::new();
    for entry in fs::read_dir("rules")? {
        paths.push(entry?.path());
    }
    paths.sort();
    let (mut rules, mut all) = (String::new(), String::new());
    for path in &paths {
        let document =
            Document::parse(path).map_err(|error| format!("{}: {error}", path.display()))?;
        document.write(&mut rules)?;
        write!(all, "&{}, ", document.code)?;
    }
    let count = paths.len();
    write!(
        rules,
        "/// All rules, sorted by code.\npub(crate) static ALL: [&RuleMeta; {count}] = [{all}];\n"
    )?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("documents.rs"), rules)?;
    Ok(())
}

/// A document: its front matter, its title and its text.
#[derive(Default)]
struct Document {
    code: String,
    name: String,
    severity: String,
    since: String,
    kubernetes: String,
    title: String,
    text: String,
}

impl Document {
    fn parse(path: &Path) -> Result<Self, Box<dyn Error>> {
        // Checkouts on Windows can have CRLF.
        let file = fs::read_to_string(path)?.replace("\r\n", "\n");
        let rest = file.strip_prefix("---\n").ok_or("the front matter is missing")?;
        let (front, text) = rest.split_once("\n---\n").ok_or("the front matter does not end")?;
        let (title, text) = text
            .trim_start()
            .strip_prefix("# ")
            .and_then(|text| text.split_once('\n'))
            .ok_or("the title is missing")?;
        let mut document =
            Self { title: title.to_owned(), text: text.trim_start().to_owned(), ..Self::default() };
        for line in front.lines() {
            let (key, value) =
                line.split_once(": ").ok_or_else(|| format!("not a field: {line}"))?;
            let field = match key {
                "code" => &mut document.code,
                "name" => &mut document.name,
                "severity" => &mut document.severity,
                "since" => &mut document.since,
                "kubernetes" => &mut document.kubernetes,
                other => return Err(format!("unknown field `{other}`").into()),
            };
            value.trim_matches('"').clone_into(field);
        }
        match path.file_stem().is_some_and(|stem| *stem == *document.code) {
            true => Ok(document),
            false => Err(format!("the file is not named after `{}`", document.code).into()),
        }
    }

    /// Writes the rule as a static.
    fn write(&self, out: &mut String) -> Result<(), Box<dyn Error>> {
        let Self { code, name, severity, since, title, text, .. } = self;
        let number: u16 = code.trim_start_matches("RC").parse()?;
        let category = match code.get(..3) {
            Some("RC1") => "Broken",
            Some("RC2") => "Dead",
            Some("RC3") => "Denied",
            Some("RC4") => "Hygiene",
            Some("RC5") => "Risk",
            Some("RC6") => "Expectation",
            Some("RC7") => "Rendering",
            Some("RC9") => "Suppression",
            _ => return Err(format!("`{code}` has no category").into()),
        };
        let severity = match &**severity {
            "info" => "Info",
            "low" => "Low",
            "medium" => "Medium",
            "high" => "High",
            "critical" => "Critical",
            other => return Err(format!("unknown severity `{other}`").into()),
        };
        let (from, before) = versions(&self.kubernetes)?;
        writeln!(
            out,
            "/// {title}.\npub(crate) static {code}: RuleMeta = RuleMeta {{ code: RuleCode({number}), name: {name:?}, \
             title: {title:?}, category: Category::{category}, severity: Severity::{severity}, \
             since: {since:?}, versions: Versions {{ from: {from:?}, before: {before:?} }}, text: {text:?} }};"
        )?;
        Ok(())
    }
}

/// Reads `>=1.35`, `<1.25` or nothing as the first minor version and the first one that is excluded.
fn versions(text: &str) -> Result<(Option<u16>, Option<u16>), Box<dyn Error>> {
    if text.is_empty() {
        return Ok((None, None));
    }
    match (text.strip_prefix(">=1."), text.strip_prefix("<1.")) {
        (Some(minor), _) => Ok((Some(minor.parse()?), None)),
        (_, Some(minor)) => Ok((None, Some(minor.parse()?))),
        _ => Err(format!("`{text}` is not a range of versions").into()),
    }
}
