//! Loads the output of Kustomize and Helm.

use rolecall_rbac::Origin;

use super::defaults::shared_default_objects;
use super::{LoadConfig, Loaded, finish, read};
use crate::decode::{Batch, Decoder, Place};

/// The decoded objects of one target.
#[derive(Debug)]
pub struct Rendered {
    pub(super) batch: Batch,
}

/// Decodes the output of a tool. Objects get the line of the output on which they start, and the
/// path `name`.
pub fn decode(config: &LoadConfig, name: &str, text: &[u8]) -> Rendered {
    let mut decoder = Decoder::new(&Place::File(name.into()), &config.default_namespace);
    decoder.selection = config.selection;
    read::documents(text, &mut decoder);
    Rendered { batch: decoder.batch }
}

impl Rendered {
    /// Returns the number of objects, including irrelevant ones.
    pub fn objects(&self) -> usize {
        self.batch.objects
    }

    /// Removes the annotations of Helm hooks, which only Helm and Argo CD know.
    pub fn forget_hooks(&mut self) {
        self.batch.builder.forget_hooks();
    }

    /// Changes the origins of objects, gaps and problems, from lines of the output to source files.
    pub fn change_origins(&mut self, mut change: impl FnMut(&mut Origin)) {
        self.batch.builder.change_origins(&mut change);
        for problem in &mut self.batch.problems {
            let mut origin = Origin::File { path: (&*problem.file).into(), line: problem.line };
            change(&mut origin);
            if let Origin::File { path, line } = origin
                && *path != *problem.file
            {
                problem.file = path.to_string();
                problem.line = line;
                problem.column = 0;
            }
        }
    }
}

/// Loads a target like a file of manifests.
pub fn finish_rendered(config: &LoadConfig, rendered: Rendered) -> Loaded {
    let config = LoadConfig { paths: Vec::new(), ..config.clone() };
    finish(&config, rendered.batch, shared_default_objects)
}
