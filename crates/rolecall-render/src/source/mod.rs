//! Traces rendered objects to the files that they come from.
//!
//! ```text
//! Kustomize: origin annotation -> file -> the object of that kind, by its name before the prefix
//! Helm:      `# Source:`       -> file -> the document of the template, by kind and name
//! ```

mod objects;
mod template;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rolecall_yaml::{self as yaml, Node};

use self::objects::Objects;
use self::template::Template;
use crate::boundary::{Boundary, clean};
use crate::chart::Chart;
use crate::dependency::local_directory;
use crate::kustomization;
use crate::names::Names;
use crate::render::Output;
use crate::target::{Target, TargetKind};

/// The annotation with which Kustomize records the file of an object.
const ORIGIN: &str = "config.kubernetes.io/origin";

/// The largest file in which objects are searched.
const LARGEST: u64 = 32 << 20;

/// Where a rendered object comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The real path of the file.
    pub path: PathBuf,
    /// The path as shown to people.
    pub file: String,
    /// The one-based line on which the object starts, or the first line of the file.
    pub line: u32,
    /// The kind in the file.
    pub kind: String,
    /// The name in the file, which Kustomize can have changed; empty in a template.
    pub name: String,
    /// The namespace in the file; empty if there is none, and in a template.
    pub namespace: String,
    /// The content of that line.
    pub form: Form,
    /// The name of the object that it became.
    pub rendered: ObjectName,
}

/// The identity of an object of a rendered target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectName {
    /// The kind.
    pub kind: String,
    /// The namespace; empty if there is none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// The content of the line of a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The object in YAML or JSON.
    Object,
    /// The object in a template.
    Template,
    /// The field of a kustomization that generates the object, or the dependency with its chart.
    Generator,
    /// Only the file is known.
    File,
}

/// Finds sources, and reads each file once for all targets.
#[derive(Debug)]
pub struct Tracer<'a> {
    names: &'a Names,
    boundaries: &'a [Boundary],
    files: Mutex<HashMap<PathBuf, Arc<FileContent>>>,
}

/// The parsed content of a source file.
#[derive(Debug)]
enum FileContent {
    Objects(Objects),
    Template(Template),
    /// It cannot be read.
    Nothing,
}

/// The sources of the objects of one rendered target.
#[derive(Debug)]
pub struct Sources<'a> {
    tracer: &'a Tracer<'a>,
    text: &'a [u8],
    chunks: Vec<RenderedChunk>,
    context: Context<'a>,
}

/// The start of relative paths in the output.
#[derive(Debug)]
enum Context<'a> {
    /// The real directory that was built; `None` for stdin.
    Kustomize { directory: &'a Path, target: &'a Target },
    /// The chart.
    Helm { target: &'a Target },
    /// The output of an unknown build in stdin.
    Stdin { directories: &'a [PathBuf], charts: &'a [(String, PathBuf)] },
}

/// A rendered document.
#[derive(Debug)]
struct RenderedChunk {
    first_line: u32,
    bytes: Range<usize>,
    /// The path in its comment `# Source:`.
    template: Option<String>,
    /// Its position among the documents of the same template and kind.
    position: usize,
}

impl<'a> Tracer<'a> {
    /// Creates a tracer, which reads no file outside the boundaries.
    pub fn new(names: &'a Names, boundaries: &'a [Boundary]) -> Self {
        Self { names, boundaries, files: Mutex::default() }
    }

    /// Returns the sources of a rendered target.
    pub fn sources(&'a self, target: &'a Target, output: &'a Output) -> Sources<'a> {
        let context = match target.kind {
            TargetKind::Kustomize { .. } => {
                Context::Kustomize { directory: &output.directory, target }
            }
            TargetKind::Helm(_) => Context::Helm { target },
        };
        Sources { tracer: self, text: &output.text, chunks: chunks(&output.text), context }
    }

    /// Returns the sources of a stream that someone else rendered. `directories` are those of
    /// kustomizations and `charts` the names and directories of charts in which files are searched.
    pub fn sources_of_stream(
        &'a self,
        text: &'a [u8],
        directories: &'a [PathBuf],
        charts: &'a [(String, PathBuf)],
    ) -> Sources<'a> {
        let context = Context::Stdin { directories, charts };
        Sources { tracer: self, text, chunks: chunks(text), context }
    }

    fn content(&self, path: &Path) -> Arc<FileContent> {
        let files = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files().get(path) {
            return Arc::clone(known);
        }
        let content = Arc::new(self.read(path));
        files().insert(path.to_owned(), Arc::clone(&content));
        content
    }

    fn read(&self, path: &Path) -> FileContent {
        let is_inside =
            |real: PathBuf| self.boundaries.iter().any(|it| real.starts_with(it.root()));
        let is_small = || path.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
        if !path.canonicalize().is_ok_and(is_inside) || !is_small() {
            return FileContent::Nothing;
        }
        let Ok(bytes) = std::fs::read(path) else { return FileContent::Nothing };
        match memchr::memmem::find(&bytes, b"{{") {
            Some(_) => FileContent::Template(Template::of(&String::from_utf8_lossy(&bytes))),
            None => FileContent::Objects(Objects::of(&bytes)),
        }
    }

    fn source(&self, path: PathBuf, line: u32, form: Form) -> Source {
        let file = self.names.shown(&path);
        let (kind, name, namespace) = (String::new(), String::new(), String::new());
        Source { path, file, line, kind, name, namespace, form, rendered: ObjectName::default() }
    }

    /// Returns the object of a file that became a rendered one.
    fn object(&self, path: PathBuf, rendered: &Rendered<'_>, position: usize) -> Source {
        let content = self.content(&path);
        match &*content {
            FileContent::Objects(objects) => {
                match objects.find(rendered.kind, rendered.namespace, rendered.name) {
                    Some(object) => Source {
                        kind: object.kind.clone(),
                        name: object.name.clone(),
                        namespace: object.namespace.clone(),
                        ..self.source(path, object.line, Form::Object)
                    },
                    None => self.source(path, 1, Form::File),
                }
            }
            FileContent::Template(template) => {
                match template.find(rendered.kind, rendered.name, position) {
                    Some(line) => Source {
                        kind: rendered.kind.to_owned(),
                        ..self.source(path, line, Form::Template)
                    },
                    None => self.source(path, 1, Form::File),
                }
            }
            FileContent::Nothing => self.source(path, 1, Form::File),
        }
    }
}

/// The identity of a rendered object.
struct Rendered<'d> {
    kind: &'d str,
    name: &'d str,
    namespace: &'d str,
}

impl<'d> Rendered<'d> {
    fn of(object: Node<'d>) -> Self {
        let metadata = object.get("metadata");
        let text = |node: Option<Node<'d>>, field: &str| {
            node.and_then(|node| node.get(field)).and_then(Node::as_str).unwrap_or_default()
        };
        Self {
            kind: text(Some(object), "kind"),
            name: text(metadata, "name"),
            namespace: text(metadata, "namespace"),
        }
    }
}

impl Sources<'_> {
    /// Returns the source of the object that starts at a line of the output.
    pub fn at(&self, line: u32) -> Option<Source> {
        let after = self.chunks.partition_point(|chunk| chunk.first_line <= line);
        let chunk = self.chunks.get(after.checked_sub(1)?)?;
        let text = std::str::from_utf8(self.text.get(chunk.bytes.clone())?).ok()?;
        let documents = yaml::parse(text, chunk.first_line).ok()?;
        let root = documents.first()?.root();
        let mut items = root.get("items").into_iter().flat_map(Node::items);
        let object = items.find(|item| item.position().line == line).unwrap_or(root);
        let rendered = Rendered::of(object);
        let source = self.source_of(chunk, object, &rendered)?;
        let Rendered { kind, name, namespace } = rendered;
        let [kind, namespace, name] = [kind, namespace, name].map(str::to_owned);
        Some(Source { rendered: ObjectName { kind, namespace, name }, ..source })
    }

    fn source_of(
        &self,
        chunk: &RenderedChunk,
        object: Node<'_>,
        rendered: &Rendered<'_>,
    ) -> Option<Source> {
        let metadata = object.get("metadata");
        let origin = metadata.and_then(|it| it.get("annotations")?.get(ORIGIN)?.as_str());
        match (&self.context, origin, &chunk.template) {
            (Context::Kustomize { directory, target }, Some(origin), _) => Some(
                self.of_kustomize(origin, rendered, &[(*directory).to_owned()])
                    .unwrap_or_else(|| self.tracer.source(target.file(), 1, Form::File)),
            ),
            (Context::Kustomize { target, .. }, None, _) => {
                Some(self.tracer.source(target.file(), 1, Form::File))
            }
            (Context::Helm { target }, _, Some(template)) => {
                let path = template.split_once('/').map_or("", |(_, path)| path);
                Some(self.of_helm(&target.directory, path, rendered, chunk.position))
            }
            (Context::Helm { target }, _, None) => {
                Some(self.tracer.source(target.directory.join("Chart.yaml"), 1, Form::File))
            }
            (Context::Stdin { directories, .. }, Some(origin), _) => {
                self.of_kustomize(origin, rendered, directories)
            }
            (Context::Stdin { charts, .. }, None, Some(template)) => {
                let (name, path) = template.split_once('/')?;
                let (_, directory) = charts.iter().find(|(chart, _)| chart == name)?;
                Some(self.of_helm(directory, path, rendered, chunk.position))
            }
            (Context::Stdin { .. }, None, None) => None,
        }
    }

    /// Follows an origin annotation from the first directory in which its file exists.
    fn of_kustomize(
        &self,
        origin: &str,
        rendered: &Rendered<'_>,
        directories: &[PathBuf],
    ) -> Option<Source> {
        let field = |name: &str| {
            let value = origin.lines().find_map(|line| line.trim().strip_prefix(name));
            value.map(|value| value.trim().trim_matches(['"', '\'']))
        };
        if field("repo:").is_some() {
            return None;
        }
        let real = |path: &str| {
            let paths = directories.iter().map(|directory| clean(&directory.join(path)));
            paths.into_iter().find(|path| path.is_file() && self.is_inside(path))
        };
        if let Some(path) = field("path:") {
            let path = real(path)?;
            // A stream does not say which directory was built: the file must contain the object.
            let source = self.tracer.object(path, rendered, 0);
            let is_known = source.form != Form::File || directories.len() == 1;
            return is_known.then_some(source);
        }
        let path = real(field("configuredIn:")?)?;
        let generator = field("kind:").unwrap_or_default();
        let line = kustomization::generator_line(&path, generator);
        let form = if line.is_some() { Form::Generator } else { Form::File };
        Some(self.tracer.source(path, line.unwrap_or(1), form))
    }

    fn is_inside(&self, path: &Path) -> bool {
        let real = path.canonicalize();
        real.is_ok_and(|real| self.tracer.boundaries.iter().any(|it| real.starts_with(it.root())))
    }

    /// Follows a comment `# Source:`, whose path begins with the name of the chart.
    fn of_helm(
        &self,
        chart: &Path,
        path: &str,
        rendered: &Rendered<'_>,
        position: usize,
    ) -> Source {
        let file = clean(&chart.join(path));
        if file.starts_with(chart) && file.is_file() && self.is_inside(&file) {
            return self.tracer.object(file, rendered, position);
        }
        // The directory of a subchart can have another name than its alias, or be an archive.
        let inner = path.strip_prefix("charts/").and_then(|rest| rest.split_once('/'));
        let Some((alias, rest)) = inner else {
            return self.tracer.source(chart.join("Chart.yaml"), 1, Form::File);
        };
        let read = Chart::read(chart).unwrap_or_default();
        let dependency = read
            .dependencies
            .iter()
            .find(|dependency| dependency.alias.as_deref().unwrap_or(&dependency.name) == alias);
        let subchart = chart.join("charts").join(dependency.map_or(alias, |it| &it.name));
        if subchart.is_dir() {
            return self.of_helm(&subchart, rest, rendered, position);
        }
        let local = dependency.and_then(|it| local_directory(chart, it, self.tracer.boundaries));
        if let Some(local) = local {
            return self.of_helm(&local, rest, rendered, position);
        }
        let (file, line) = dependency.map_or(("Chart.yaml", 1), |it| (it.file, it.line));
        self.tracer.source(chart.join(file), line, Form::Generator)
    }
}

/// Splits an output into documents, with the templates that they come from.
fn chunks(text: &[u8]) -> Vec<RenderedChunk> {
    let base = text.as_ptr() as usize;
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let chunks = yaml::split(text).into_iter().map(|chunk| {
        let start = (chunk.bytes.as_ptr() as usize).saturating_sub(base);
        let template = template_of(chunk.bytes);
        let position = match &template {
            Some(template) => {
                let key = (template.clone(), kind_of(chunk.bytes));
                let count = counts.entry(key).or_default();
                *count += 1;
                *count - 1
            }
            None => 0,
        };
        let bytes = start..start + chunk.bytes.len();
        RenderedChunk { first_line: chunk.first_line, bytes, template, position }
    });
    chunks.collect()
}

/// Returns the path in the comment `# Source:` of a document.
fn template_of(document: &[u8]) -> Option<String> {
    let mut lines = document.split(|byte| *byte == b'\n').take(8);
    let path = lines.find_map(|line| line.strip_prefix(b"# Source: "))?;
    Some(String::from_utf8_lossy(path).trim().to_owned())
}

fn kind_of(document: &[u8]) -> String {
    let mut lines = document.split(|byte| *byte == b'\n');
    let kind = lines.find_map(|line| line.strip_prefix(b"kind:"));
    String::from_utf8_lossy(kind.unwrap_or_default()).trim().trim_matches('"').to_owned()
}
