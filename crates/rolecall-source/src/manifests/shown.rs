use rolecall_rbac::Origin;

use super::Loaded;

impl Loaded {
    /// Shows paths that begin with `folder` as if they began with `name`: for files that were only put
    /// there to be read.
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
