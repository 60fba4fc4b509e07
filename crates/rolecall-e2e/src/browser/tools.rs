//! Tools from npm: the accessibility checker, the type checker and the linter.

use std::path::PathBuf;
use std::process::Command;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The folder with the page's sources and the versions of the tools.
pub(super) const PAGE: &str = "crates/rolecall-report/page";

/// Installs the tools of `package.json` into the user's cache, and returns that folder; `None`
/// without npm.
pub(super) fn install() -> Result<Option<PathBuf>> {
    if process::find("npm").is_none() {
        return Ok(None);
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let cache = cache.ok_or_else(|| Failure::new("HOME is not set"))?;
    let folder = cache.join("rolecall-page-tools");
    let wanted = files::read(&files::workspace_root().join(PAGE).join("package.json"))?;
    let known = folder.join("package.json");
    if folder.join("node_modules").is_dir() && files::read(&known).is_ok_and(|it| it == wanted) {
        return Ok(Some(folder));
    }
    std::fs::create_dir_all(&folder).map_err(|error| files::failure("create", &folder, &error))?;
    files::write(&known, &wanted)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]);
    process::output(npm.current_dir(&folder))?;
    Ok(Some(folder))
}
