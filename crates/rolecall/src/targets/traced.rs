//! The sources of rendered objects.

use std::collections::{BTreeSet, HashMap};

use rolecall_rbac::Origin;
use rolecall_render::{Source, Sources, Target};
use rolecall_source::manifests::Rendered;

/// The rendered objects of one target, by the place of their source.
#[derive(Debug, Default)]
pub(crate) struct Traced {
    objects: HashMap<(String, u32), Vec<TracedObject>>,
}

/// A rendered object.
#[derive(Clone, Debug)]
pub(crate) struct TracedObject {
    /// The line of the output on which it starts.
    pub(crate) line: u32,
    /// Where it comes from.
    pub(crate) source: Source,
}

impl Traced {
    /// Finds the sources of objects, and makes them their origins.
    pub(crate) fn trace(rendered: &mut Rendered, sources: &Sources<'_>, target: &Target) -> Self {
        let mut traced = Self::default();
        let mut known: HashMap<u32, Option<Source>> = HashMap::new();
        rendered.change_origins(|origin| {
            let Origin::File { path, line } = origin else { return };
            let source = known.entry(*line).or_insert_with(|| sources.at(*line));
            let Some(source) = source else { return };
            if **path != *target.name {
                return;
            }
            traced.add(TracedObject { line: *line, source: source.clone() });
            *path = (&*source.file).into();
            *line = source.line;
        });
        traced
    }

    /// Adds an object.
    pub(crate) fn add(&mut self, object: TracedObject) {
        let key = (object.source.file.clone(), object.source.line);
        let objects = self.objects.entry(key).or_default();
        if objects.iter().all(|known| known.line != object.line) {
            objects.push(object);
        }
    }

    /// Returns the rendered objects with a source.
    pub(crate) fn at(&self, file: &str, line: u32) -> &[TracedObject] {
        self.objects.get(&(file.to_owned(), line)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the sources of all objects.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.objects.values().flatten().map(|object| &object.source)
    }

    /// Returns the source files with objects.
    pub(crate) fn files(&self) -> BTreeSet<&str> {
        self.objects.keys().map(|(file, _)| &**file).collect()
    }
}
