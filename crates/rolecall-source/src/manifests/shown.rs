use rolecall_rbac::Origin;

use super::Loaded;

impl Loaded {
    /// Replaces the prefix `folder` of all paths by `name`, for files in a temporary directory.
    pub fn show_as(&mut self, folder: &str, name: &str) {
        self.inventory.change_origins(|origin| {
            if let Origin::File { path, .. } = origin
                && let Some(rest) = path.strip_prefix(folder)
            {
                *path = format!("{name}{rest}").into();
            }
        });
        for path in &mut self.unbuilt {
            *path = path.replacen(folder, name, 1);
        }
        for problem in &mut self.problems {
            problem.file = problem.file.replace(folder, name);
            problem.message = problem.message.replace(folder, name);
        }
    }
}
