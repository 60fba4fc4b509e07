//! The document of a page, and the joins with which the page answers.

use std::collections::BTreeSet;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use rolecall_rbac::{Authorizer, Catalog};
use rolecall_report::{Document, PageMode, ReportInput, Scope, Summary, write_page};
use serde_json::Value;

/// A binding and a subject of it, as the commands name them.
pub(crate) type Grant = (String, String);

/// A decoded document.
pub(crate) struct Decoded {
    pub(crate) data: Value,
    bindings: Vec<BindingRow>,
    /// The rules of each role, as positions with the names of each.
    rules: Vec<Vec<usize>>,
    names: Vec<Vec<String>>,
}

/// A binding with the subjects that can match an identity.
struct BindingRow {
    name: String,
    namespace: String,
    role: Option<usize>,
    subjects: Vec<String>,
}

/// The holders of a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Holders {
    /// Those who can use all objects.
    pub(crate) all: BTreeSet<Grant>,
    /// Those who can use only named objects, with each name.
    pub(crate) named: BTreeSet<(Grant, String)>,
}

/// Returns the page about an inventory without findings.
pub(crate) fn page(authorizer: &Authorizer, catalog: &Catalog) -> String {
    let scope = Scope { title: "Test".into(), is_complete: true, ..Scope::default() };
    page_of(&ReportInput {
        authorizer,
        catalog,
        scope: &scope,
        findings: &[],
        paths: None,
        usage: None,
    })
}

/// Returns the page about an input.
pub(crate) fn page_of(input: &ReportInput<'_>) -> String {
    written(input, PageMode::File)
}

/// Returns the page about an input for a mode.
pub(crate) fn written(input: &ReportInput<'_>, mode: PageMode) -> String {
    let mut page = Vec::new();
    write_page(&mut page, mode, input.scope, &Summary::new(input), &Document::new(input)).unwrap();
    String::from_utf8(page).unwrap()
}

impl Decoded {
    /// Decodes the document of a page.
    pub(crate) fn of(page: &str) -> Self {
        let (_, rest) = page.split_once(" id=\"data\">").unwrap();
        let (encoded, _) = rest.split_once("</script>").unwrap();
        let compressed = STANDARD.decode(encoded).unwrap();
        let mut json = String::new();
        GzDecoder::new(&*compressed).read_to_string(&mut json).unwrap();
        let data = serde_json::from_str(&json).unwrap();
        let mut decoded = Self { data, bindings: Vec::new(), rules: Vec::new(), names: Vec::new() };
        let never = |subject: &usize| decoded.number("subjects", "kind", *subject) == 3;
        let bindings = (0..decoded.rows("bindings")).map(|row| BindingRow {
            name: decoded.binding(row),
            namespace: decoded.text("bindings", "namespace", row).to_owned(),
            role: decoded.data["bindings"]["role"][row].as_u64().map(|role| role as usize),
            subjects: decoded
                .subjects_of(row)
                .into_iter()
                .filter(|subject| !never(subject))
                .map(|subject| decoded.subject(subject))
                .collect(),
        });
        let bindings = bindings.collect();
        let rules = (0..decoded.rows("roles"))
            .map(|role| decoded.list("ruleSets", decoded.number("roles", "rule_set", role)))
            .collect();
        let names = decoded.data["rules"]["names"].as_array().unwrap().iter().map(|list| {
            let texts = decoded.list("textLists", list.as_u64().unwrap() as usize);
            texts.iter().map(|text| decoded.data["texts"][*text].as_str().unwrap().into()).collect()
        });
        let names = names.collect();
        (decoded.bindings, decoded.rules, decoded.names) = (bindings, rules, names);
        decoded
    }

    /// Returns the text in a column.
    pub(crate) fn text(&self, table: &str, column: &str, row: usize) -> &str {
        self.data["texts"][self.number(table, column, row)].as_str().unwrap()
    }

    /// Returns the number in a column.
    pub(crate) fn number(&self, table: &str, column: &str, row: usize) -> usize {
        self.data[table][column][row].as_u64().unwrap() as usize
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self, table: &str) -> usize {
        self.data[table]["name"].as_array().unwrap().len()
    }

    fn list(&self, lists: &str, number: usize) -> Vec<usize> {
        let list = self.data[lists][number].as_array().unwrap();
        list.iter().map(|item| item.as_u64().unwrap() as usize).collect()
    }

    /// Returns a subject as commands name it.
    pub(crate) fn subject(&self, row: usize) -> String {
        let name = self.text("subjects", "name", row);
        match self.number("subjects", "kind", row) {
            0 => format!("sa/{}:{name}", self.text("subjects", "namespace", row)),
            1 => format!("user/{name}"),
            2 => format!("group/{name}"),
            _ => format!("{}/{name}", self.text("subjects", "namespace", row)),
        }
    }

    /// Returns a binding as `namespace/name`.
    pub(crate) fn binding(&self, row: usize) -> String {
        let (namespace, name) =
            (self.text("bindings", "namespace", row), self.text("bindings", "name", row));
        format!("{namespace}/{name}")
    }

    fn subjects_of(&self, binding: usize) -> Vec<usize> {
        self.list("subjectLists", self.number("bindings", "subjects", binding))
    }

    /// Returns the bindings that apply to a subject, directly or through a group.
    pub(crate) fn bindings_of(&self, subject: usize) -> BTreeSet<String> {
        let mut own = vec![subject];
        own.extend(self.list("subjectLists", self.number("subjects", "groups", subject)));
        (0..self.rows("bindings"))
            .filter(|binding| self.subjects_of(*binding).iter().any(|listed| own.contains(listed)))
            .map(|binding| self.binding(binding))
            .collect()
    }

    /// Returns the number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.data["cells"]["verb"].as_array().unwrap().len()
    }

    /// Returns the holders of a cell in a namespace, or in any namespace.
    pub(crate) fn who_can(&self, cell: usize, namespace: Option<&str>) -> Holders {
        let [allowing, naming] = ["rules", "named"].map(|column| -> BTreeSet<usize> {
            let list = &self.data["cells"]["rule_lists"][self.number("cells", column, cell)];
            list.as_array().unwrap().iter().map(|rule| rule.as_u64().unwrap() as usize).collect()
        });
        let scope = self.number("cells", "scope", cell);
        let mut holders = Holders::default();
        for BindingRow { name: binding, namespace: at, role, subjects } in &self.bindings {
            let Some(rules) = role.and_then(|role| self.rules.get(role)) else { continue };
            let counts = at.is_empty()
                || (scope != 1 && scope != 2 && namespace.is_none_or(|wanted| wanted == at));
            if !counts {
                continue;
            }
            let all = rules.iter().any(|rule| allowing.contains(rule));
            for subject in subjects {
                let grant = (binding.clone(), subject.clone());
                if all {
                    holders.all.insert(grant);
                    continue;
                }
                for rule in rules.iter().filter(|rule| naming.contains(rule)) {
                    for name in &self.names[*rule] {
                        holders.named.insert((grant.clone(), name.clone()));
                    }
                }
            }
        }
        holders
    }
}
