use std::sync::LazyLock;

use rolecall_command::kept_command;
use rolecall_rbac::{Catalog, Container};
use rolecall_source::facts::{self, Version};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| facts::catalog(Version::default()));

/// Keeps of a command what a snapshot keeps, then keeps of that the same again. The second result
/// equals the first, because the first asks the API server for the same.
///
/// The input is a shell script, or an argument on each line if it starts with a line break.
pub fn commands(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let command: Vec<&str> = match text.strip_prefix('\n') {
        Some(arguments) => arguments.split('\n').collect(),
        None => vec!["sh", "-c", &text],
    };
    let kept = kept_command(&container(&command), &CATALOG);
    if kept.is_empty() {
        return;
    }
    let again = kept_command(&container(&kept), &CATALOG);
    assert_eq!(again, kept, "{text:?}");
}

fn container<T: AsRef<str>>(command: &[T]) -> Container {
    Container {
        name: "c".into(),
        image: "registry.example.com/kubectl:1".into(),
        command: command.iter().map(|word| word.as_ref().into()).collect(),
        args: [].into_iter().collect(),
        env: Default::default(),
        init: false,
        covers_token_path: false,
        may_have_kubeconfig: false,
    }
}
