//! The files of the input whose objects are not those of an installation.

use std::borrow::Cow;
use std::path::Path;

use rolecall_check::SetAsideFiles;
use rolecall_source::manifests::Listing;

use crate::cli::Options;

/// Finds such files among `files`.
pub(crate) fn of<'f>(options: &Options, files: impl IntoIterator<Item = &'f str>) -> SetAsideFiles {
    SetAsideFiles::new(roots(options), files)
}

/// Reads the files that are set aside first: where they and others define one object, the others win.
pub(crate) fn order(options: &Options, listing: &mut Listing) {
    let files: Vec<Cow<'_, str>> = listing.files().map(Path::to_string_lossy).collect();
    let set_aside = of(options, files.iter().map(|file| &**file));
    let mut directories = files.chunk_by(|one, other| directory_of(one) == directory_of(other));
    let is_any =
        directories.any(|files| files.first().is_some_and(|it| set_aside.contains_file(it)));
    drop(files);
    if is_any {
        listing.read_first(|file| set_aside.contains_file(&file.to_string_lossy()));
    }
}

fn directory_of(file: &str) -> Option<&str> {
    file.rsplit_once('/').map(|(directory, _)| directory)
}

/// Returns the paths that the user named.
fn roots(options: &Options) -> Vec<String> {
    let paths = options.source.filename.iter();
    paths.map(|path| path.to_string_lossy().replace('\\', "/")).collect()
}
