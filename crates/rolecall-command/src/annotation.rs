//! The annotation `rolecall.dev/needs`, with which a workload declares the requests that it makes.

use rolecall_rbac::{Catalog, PodSpec, ResolveError, Text, Workload};

use crate::need::{Need, NeedName, NeedNamespace};

/// The annotation's key.
pub const KEY: &str = "rolecall.dev/needs";

/// An error in an annotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NeedsError {
    /// The resource is missing.
    #[error("`{part}` has no resource: use `VERB,.. RESOURCE,.. [NAME,..] [in NAMESPACE]`")]
    NoResource {
        /// The part of the text.
        part: String,
    },
    /// There are too many words.
    #[error("`{word}` has one word too many: use `VERB,.. RESOURCE,.. [NAME,..] [in NAMESPACE]`")]
    TooManyWords {
        /// The first word that is not expected.
        word: String,
    },
    /// A resource is not known.
    #[error("{error}")]
    Resource {
        /// The cause.
        error: ResolveError,
    },
}

/// Returns the annotation of a workload for one of its Pods, from the template or the workload itself.
pub fn of<'a>(workload: &'a Workload, spec: &'a PodSpec) -> Option<&'a Text> {
    let of_template = spec.annotations.iter().find(|(key, _)| &**key == KEY);
    of_template.map(|(_, value)| value).or_else(|| workload.metadata.annotation(KEY))
}

/// The declaration of a workload.
#[derive(Debug, Default)]
pub struct Declared {
    /// The requests.
    pub needs: Vec<Need>,
    /// The errors in the parts that could not be read.
    pub errors: Vec<NeedsError>,
}

/// Reads `get,list pods; create events; get configmaps settings in kube-system; get /metrics`.
pub fn parse(text: &str, catalog: &Catalog) -> Declared {
    let mut declared = Declared::default();
    for part in text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        match parse_part(part, catalog) {
            Ok(needs) => declared.needs.extend(needs),
            Err(error) if declared.errors.contains(&error) => {}
            Err(error) => declared.errors.push(error),
        }
    }
    declared
}

fn parse_part(part: &str, catalog: &Catalog) -> Result<Vec<Need>, NeedsError> {
    let mut words = part.split_whitespace();
    let verbs = words.next().unwrap_or_default();
    let Some(resources) = words.next() else {
        return Err(NeedsError::NoResource { part: part.to_owned() });
    };
    let mut names: Vec<&str> = Vec::new();
    let mut namespace = NeedNamespace::Own;
    let mut next = words.next();
    if let Some(word) = next.filter(|word| *word != "in") {
        names = items(word).collect();
        next = words.next();
    }
    if next == Some("in") {
        namespace = match words.next() {
            Some("*") => NeedNamespace::Known("".into()),
            Some(namespace) => NeedNamespace::Known(namespace.into()),
            None => return Err(NeedsError::NoResource { part: part.to_owned() }),
        };
        next = words.next();
    }
    if let Some(word) = next {
        return Err(NeedsError::TooManyWords { word: word.to_owned() });
    }
    let mut needs = Vec::new();
    for verb in items(verbs) {
        for resource in items(resources) {
            if resource.starts_with('/') {
                needs.push(Need::path(verb, resource));
                continue;
            }
            let resolved =
                catalog.resolve(resource).map_err(|error| NeedsError::Resource { error })?;
            let need = |name| {
                Need::new(verb, &resolved.group, &resolved.resource, name)
                    .of(&resolved.subresource)
                    .in_namespace(&namespace)
            };
            if names.is_empty() {
                needs.push(need(NeedName::Collection));
            }
            needs.extend(names.iter().map(|name| need(NeedName::Known((*name).into()))));
        }
    }
    Ok(needs)
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|item| !item.is_empty())
}
