use rolecall_rbac::Catalog;

use super::flags::Flags;
use super::target::{Target, objects, targets};
use crate::need::{Need, NeedName, NeedNamespace};
use crate::{Input, Word, http};
use rolecall_rbac::KubernetesVersion;

/// A parsed command line of kubectl.
pub(super) struct Command<'a> {
    pub(super) flags: &'a Flags,
    /// The arguments after the subcommand that are not flags.
    pub(super) operands: &'a [Word],
    pub(super) catalog: &'a Catalog,
    pub(super) version: KubernetesVersion,
    /// The namespaces in which it acts.
    pub(super) namespace: NeedNamespace,
}

/// Returns the needs of a subcommand; `None` if they are unknown.
pub(super) fn needs(
    flags: &Flags,
    input: &Input,
    catalog: &Catalog,
    version: KubernetesVersion,
) -> Option<Vec<Need>> {
    let (subcommand, operands) = flags.operands.split_first()?;
    let namespace = flags.namespace();
    let command = Command { flags, operands, catalog, version, namespace };
    let subcommand = subcommand.known()?;
    if let Some(path) = flags.value("raw") {
        let method = match subcommand {
            "get" => "get",
            "create" => "post",
            "replace" => "put",
            "delete" => "delete",
            _ => return None,
        };
        return http::need_of_path(method, path).map(|need| vec![need]);
    }
    if flags.value("filename").is_some_and(|file| file.known() == Some("-"))
        && flags.all("filename").len() == 1
    {
        return command.on_documents(subcommand, input);
    }
    // The content of the file is unknown, and so are the objects that already exist on the server.
    if flags.has("filename") || flags.has("kustomize") {
        return None;
    }
    let (_, reader) = READERS.iter().find(|(name, _)| *name == subcommand)?;
    reader(&command)
}

/// Returns the needs of a command line, apart from those for files; `None` if they are unknown.
type Reader = fn(&Command<'_>) -> Option<Vec<Need>>;

const READERS: [(&str, Reader); 30] = [
    ("annotate", |command| command.change(objects(command.operands))),
    ("apply", |command| command.applied()),
    ("attach", |command| command.connect("attach")),
    ("autoscale", |command| command.read_and_create("autoscaling", "horizontalpodautoscalers")),
    ("certificate", |command| command.certificate()),
    ("cluster-info", |command| command.cluster_info()),
    ("cordon", |command| command.cordon()),
    ("cp", |command| command.copy()),
    ("create", |command| command.create()),
    ("debug", |command| command.debug()),
    ("delete", |command| command.delete()),
    ("describe", |command| command.describe()),
    ("drain", |command| command.drain()),
    ("edit", |command| command.change(command.operands)),
    ("events", |command| Some(command.events())),
    ("exec", |command| command.connect("exec")),
    ("expose", |command| command.read_and_create("", "services")),
    ("get", |command| command.get()),
    ("label", |command| command.change(objects(command.operands))),
    ("logs", |command| command.logs()),
    ("patch", |command| command.change(command.operands)),
    ("port-forward", |command| command.connect("portforward")),
    ("rollout", |command| command.rollout()),
    ("run", |command| Some(command.run())),
    ("scale", |command| command.scale()),
    ("set", |command| command.set()),
    ("taint", |command| command.taint()),
    ("top", |command| command.top()),
    ("uncordon", |command| command.cordon()),
    ("wait", |command| command.wait()),
];

/// Returns whether the needs of a subcommand are known.
pub(super) fn is_understood(subcommand: &str) -> bool {
    matches!(subcommand, "auth" | "replace") || READERS.iter().any(|(name, _)| *name == subcommand)
}

impl Command<'_> {
    /// Returns the need for a resource in the namespaces of the command.
    pub(super) fn need(&self, verb: &str, group: &str, resource: &str, name: NeedName) -> Need {
        Need::new(verb, group, resource, name).in_namespace(&self.namespace)
    }

    /// Returns the needs to read a target and to make further requests for it.
    pub(super) fn read_and(&self, target: &Target, verbs: &[&str]) -> Vec<Need> {
        let done =
            verbs.iter().map(|verb| self.of_subresource(target.named(verb, &self.namespace)));
        std::iter::once(self.read(target)).chain(done).collect()
    }

    pub(super) fn each(&self, operands: &[Word]) -> Option<impl Iterator<Item = Target> + use<>> {
        Some(targets(operands, self.catalog)?.into_iter())
    }

    pub(super) fn read(&self, target: &Target) -> Need {
        self.of_subresource(target.read(&self.namespace))
    }

    /// `--subresource=status`.
    fn of_subresource(&self, need: Need) -> Need {
        match self.flags.value("subresource").map(Word::known) {
            Some(Some(subresource)) => need.of(subresource),
            _ => need,
        }
    }

    fn get(&self) -> Option<Vec<Need>> {
        let watches = self.flags.has("watch") || self.flags.has("watch-only");
        // A selector can name the single object of a list.
        let selects_name = self
            .flags
            .value("field-selector")
            .is_some_and(|selector| selector.to_string().contains("metadata.name"));
        let needs = self.each(self.operands)?.flat_map(|target| {
            let list = match target.is_collection() && selects_name {
                true => target.named("list", &self.namespace),
                false => self.read(&target),
            };
            let watch = match target.is_collection() && !selects_name {
                true => Need::new("watch", &target.group, &target.resource, NeedName::Collection)
                    .in_namespace(&self.namespace),
                false => target.named("watch", &self.namespace),
            };
            [Some(list), watches.then_some(watch)].into_iter().flatten()
        });
        Some(needs.collect())
    }

    fn events(&self) -> Vec<Need> {
        let verb = if self.flags.has("watch") { "watch" } else { "list" };
        vec![self.need(verb, "", "events", NeedName::Collection)]
    }

    /// `kubectl wait` gets each object, and then lists and watches it by name.
    fn wait(&self) -> Option<Vec<Need>> {
        let targets = self.each(self.operands)?;
        let waits_for = self.flags.value("for").and_then(Word::known).unwrap_or_default();
        if waits_for.eq_ignore_ascii_case("create") {
            return Some(targets.map(|target| self.read(&target)).collect());
        }
        let needs = targets.flat_map(|target| match target.is_collection() {
            true => self.read_and(&target, &["watch"]),
            false => self.read_and(&target, &["list", "watch"]),
        });
        Some(needs.collect())
    }

    /// `kubectl delete` deletes the listed objects one by one, and does not wait if it is not allowed to
    /// watch them.
    fn delete(&self) -> Option<Vec<Need>> {
        let needs = self.each(self.operands)?.flat_map(|target| {
            let list = target.is_collection().then(|| self.read(&target));
            [list, Some(target.named("delete", &self.namespace))].into_iter().flatten()
        });
        Some(needs.collect())
    }

    /// Commands that read objects and patch them.
    fn change(&self, operands: &[Word]) -> Option<Vec<Need>> {
        let selected = self.flags.has("selector") || self.flags.has("all");
        let verbs: &[&str] = if self.flags.has("list") { &[] } else { &["patch"] };
        let mut needs = Vec::new();
        for target in self.each(operands)? {
            if target.is_collection() && !selected {
                return None;
            }
            needs.extend(self.read_and(&target, verbs));
        }
        Some(needs)
    }

    fn set(&self) -> Option<Vec<Need>> {
        let (what, operands) = self.operands.split_first()?;
        let objects = match what.known()? {
            "env" | "image" | "resources" | "selector" | "subject" => objects(operands),
            // The ServiceAccount comes last.
            "serviceaccount" | "sa" => operands.split_last()?.1,
            _ => return None,
        };
        let mut needs = self.change(objects)?;
        // `set env --from=secret/NAME`.
        if let Some(from) = self.flags.value("from") {
            let sources = targets(std::slice::from_ref(from), self.catalog)?;
            needs.extend(sources.iter().map(|source| source.read(&self.namespace)));
        }
        Some(needs)
    }

    fn scale(&self) -> Option<Vec<Need>> {
        let needs = self.each(self.operands)?.flat_map(|target| {
            let scale = |verb| target.named(verb, &self.namespace).of("scale");
            let (first, second) = match self.flags.has("current-replicas") {
                true => (scale("get"), Some(scale("update"))),
                // Early versions of kubectl used PUT.
                false => (scale("patch").or("update"), None),
            };
            [Some(self.read(&target)), Some(first), second].into_iter().flatten()
        });
        Some(needs.collect())
    }

    fn rollout(&self) -> Option<Vec<Need>> {
        let (action, operands) = self.operands.split_first()?;
        let action = action.known()?;
        let verbs: &[&str] = match action {
            "restart" | "pause" | "resume" | "undo" => &["patch"],
            // In addition to reading the object, kubectl lists and watches it by name.
            "status" => &["list", "watch"],
            "history" => &[],
            _ => return None,
        };
        let mut needs = Vec::new();
        for target in self.each(operands)? {
            needs.extend(self.read_and(&target, verbs));
            let revisions = match &*target.resource {
                "deployments" => "replicasets",
                _ => "controllerrevisions",
            };
            if matches!(action, "undo" | "history") {
                needs.push(self.need("list", "apps", revisions, NeedName::Collection));
            }
        }
        Some(needs)
    }

    /// `kubectl apply view-last-applied` and `edit-last-applied`.
    fn applied(&self) -> Option<Vec<Need>> {
        let (action, operands) = self.operands.split_first()?;
        let verbs: &[&str] = match action.known()? {
            "view-last-applied" => &[],
            "edit-last-applied" => &["patch"],
            _ => return None,
        };
        let targets = self.each(operands)?;
        Some(targets.flat_map(|target| self.read_and(&target, verbs)).collect())
    }

    fn read_and_create(&self, group: &str, resource: &str) -> Option<Vec<Need>> {
        let mut needs: Vec<Need> =
            self.each(self.operands)?.map(|target| self.read(&target)).collect();
        needs.push(self.need("create", group, resource, NeedName::Collection));
        Some(needs)
    }

    /// `kubectl certificate approve NAME`, which also requires `approve` on the signer.
    fn certificate(&self) -> Option<Vec<Need>> {
        const GROUP: &str = "certificates.k8s.io";
        let (action, names) = self.operands.split_first()?;
        if !matches!(action.known()?, "approve" | "deny") || names.is_empty() {
            return None;
        }
        let mut operands = vec![Word::text("certificatesigningrequests")];
        operands.extend(names.iter().map(|word| match word.split_once('/') {
            Some((_, name)) => name,
            None => word.clone(),
        }));
        let mut needs = Vec::new();
        for target in self.each(&operands)? {
            needs.push(target.named("get", &self.namespace));
            needs.push(target.named("update", &self.namespace).of("approval"));
        }
        needs.push(Need::new("approve", GROUP, "signers", NeedName::Unknown));
        Some(needs)
    }
}
