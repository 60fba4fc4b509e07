//! Decodes pod specs: the ServiceAccount, the mounted tokens and the containers.

use rolecall_rbac::{Container, Labels, PodLines, PodSpec, Text, TokenVolume};
use serde::de::{DeserializeSeed, Deserializer};

use super::environment::{EnvVariable, environment, sets_kubeconfig};
use super::fields::{Empty, Fields, ListSeed, ObjectSeed, fields, list};
use super::seed::{Borrowed, FlagSeed, OnlySeed, OptionSeed, TextSeed, text, texts};
use super::strings::StringCache;

/// The mount path of the token that the kubelet provides.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Reads the pod spec at `path` of its object.
pub(super) fn pod_spec<'de, D: Deserializer<'de>>(
    deserializer: D,
    strings: &mut StringCache,
    path: &str,
) -> Result<PodSpec, D::Error> {
    let path = strings.text(path);
    let value = PodSpecFields { path, ..PodSpecFields::default() };
    let fields = ObjectSeed { value, strings: &mut *strings }.deserialize(deserializer)?;
    Ok(fields.finish(strings))
}

/// The fields of a pod spec.
#[derive(Default)]
struct PodSpecFields {
    path: Text,
    service_account: Option<Text>,
    /// `serviceAccount`, which applies only if `serviceAccountName` is empty.
    alias: Option<Text>,
    automount_token: Option<bool>,
    volumes: Vec<TokenVolume>,
    init_containers: Vec<MountingContainer>,
    containers: Vec<MountingContainer>,
    node: Option<Text>,
}

fields! {
    PodSpecFields: "a pod spec", |pod, map, strings| {
        ServiceAccountName = "serviceAccountName" => {
            pod.service_account = Some(text(map, strings)?);
        };
        ServiceAccount = "serviceAccount" => pod.alias = Some(text(map, strings)?);
        AutomountToken = "automountServiceAccountToken" => {
            pod.automount_token = map.next_value_seed(FlagSeed)?;
        };
        Volumes = "volumes" => {
            let volumes: Vec<Volume> = list(map, strings)?;
            pod.volumes = volumes.into_iter().flat_map(|volume| volume.tokens(strings)).collect();
        };
        InitContainers = "initContainers" => {
            let before = strings.stray.len();
            pod.init_containers = list(map, strings)?;
            pod.place_strays(before, "initContainers", strings);
            pod.init_containers.iter_mut().for_each(|container| container.container.init = true);
        };
        Containers = "containers" => {
            let before = strings.stray.len();
            pod.containers = list(map, strings)?;
            pod.place_strays(before, "containers", strings);
        };
        NodeName = "nodeName" => pod.node = Some(text(map, strings)?);
    }

    fn is_stray(key: &str) -> bool {
        super::stray::is_nearly_of_pod_specs(key)
    }

    fn note_stray(&mut self, key: &str, strings: &mut StringCache) {
        let path = self.path.trim_start_matches('.');
        strings.stray.push(format!("{path}.{key}"));
    }
}

impl PodSpecFields {
    /// Completes the paths of unknown keys in containers.
    fn place_strays(&self, before: usize, list: &str, strings: &mut StringCache) {
        if strings.stray.len() > before {
            strings.stray_below(before, &format!("{}.{list}", self.path.trim_start_matches('.')));
        }
    }

    fn finish(self, strings: &mut StringCache) -> PodSpec {
        let written = [self.service_account, self.alias];
        let service_account = written.into_iter().flatten().find(|name| !name.is_empty());
        let mut volumes = self.volumes;
        let all = || self.init_containers.iter().chain(&self.containers);
        for volume in &mut volumes {
            let mounting = all().filter(|container| container.mounts.contains(&volume.name));
            let names: Vec<&str> = mounting.map(|container| &*container.container.name).collect();
            volume.mounted_by = strings.list(&names);
        }
        PodSpec {
            path: self.path,
            annotations: Labels::default(),
            service_account: service_account.unwrap_or_else(|| strings.empty()),
            account_is_derived: false,
            automount_token: self.automount_token,
            token_volumes: volumes.into(),
            containers: self
                .init_containers
                .into_iter()
                .chain(self.containers)
                .map(MountingContainer::finish)
                .collect(),
            node: self.node.unwrap_or_else(|| strings.empty()),
            lines: PodLines::default(),
        }
    }
}

/// A container with the names of the volumes that it mounts.
struct MountingContainer {
    container: Container,
    mounts: Vec<Text>,
}

impl Empty for MountingContainer {
    fn empty(strings: &StringCache) -> Self {
        let (empty, none) = (strings.empty(), strings.none());
        let container = Container {
            name: empty.clone(),
            image: empty,
            command: none.clone(),
            args: none,
            init: false,
            covers_token_path: false,
            may_have_kubeconfig: false,
            env: Box::default(),
        };
        Self { container, mounts: Vec::new() }
    }
}

fields! {
    MountingContainer: "a container" in "containers", |mounting, map, strings| {
        Name = "name" => mounting.container.name = text(map, strings)?;
        Image = "image" => mounting.container.image = text(map, strings)?;
        Command = "command" => mounting.container.command = texts(map, strings)?;
        Args = "args" => mounting.container.args = texts(map, strings)?;
        Env = "env" => {
            let container = &mut mounting.container;
            if may_refer_to_variables(container) {
                let variables: Vec<EnvVariable> = list(map, strings)?;
                let (sets_kubeconfig, variables) = environment(variables);
                container.may_have_kubeconfig |= sets_kubeconfig;
                container.env = variables.into();
            } else {
                let names: Vec<EnvName> = list(map, strings)?;
                container.may_have_kubeconfig |= names.iter().any(|name| name.sets_kubeconfig);
            }
        };
        EnvFrom = "envFrom" => {
            let sources: Vec<EnvSource> = list(map, strings)?;
            mounting.container.may_have_kubeconfig |=
                sources.iter().any(|source| source.may_set_kubeconfig);
        };
        VolumeMounts = "volumeMounts" => mounting.mount(list(map, strings)?);
    }

    fn is_stray(key: &str) -> bool {
        // Fields of the pod spec in a container have no effect.
        super::stray::is_nearly_of_pod_specs(key)
    }
}

impl MountingContainer {
    fn mount(&mut self, mounts: Vec<Mount>) {
        let paths = || mounts.iter().map(|mount| mount.path.trim_end_matches('/'));
        self.container.covers_token_path = paths().any(|path| path == TOKEN_PATH);
        self.container.may_have_kubeconfig |=
            paths().any(|path| path.ends_with("/.kube") || path.ends_with("/.kube/config"));
        self.mounts = mounts.into_iter().map(|mount| mount.name).collect();
    }

    /// Returns the container, with the variables that its command line mentions.
    fn finish(self) -> Container {
        let mut container = self.container;
        if !container.env.is_empty() {
            let variables = std::mem::take(&mut container.env).into_vec().into_iter();
            container.env =
                variables.filter(|variable| refers_to(&container, &variable.name)).collect();
        }
        container
    }
}

/// Returns whether a container's command line, as far as it is read, can refer to variables.
fn may_refer_to_variables(container: &Container) -> bool {
    let mut texts = container.command.iter().chain(&*container.args).peekable();
    texts.peek().is_none() || texts.any(|text| text.contains('$'))
}

/// Returns whether a container's command line mentions a variable.
fn refers_to(container: &Container, name: &str) -> bool {
    let mut texts = container.command.iter().chain(&*container.args);
    texts.any(|text| text.contains('$') && text.contains(name))
}

/// A variable that is only known by name.
struct EnvName {
    sets_kubeconfig: bool,
}

impl Empty for EnvName {
    fn empty(_strings: &StringCache) -> Self {
        Self { sets_kubeconfig: false }
    }
}

fields! {
    EnvName: "an environment variable" in "environment variables", |variable, map, _strings| {
        Name = "name" => {
            variable.sets_kubeconfig = sets_kubeconfig(&map.next_value::<Borrowed>()?.0);
        };
    }
}

/// A ConfigMap or Secret with unknown keys, each of which becomes a variable.
struct EnvSource {
    may_set_kubeconfig: bool,
}

impl Empty for EnvSource {
    fn empty(_strings: &StringCache) -> Self {
        Self { may_set_kubeconfig: true }
    }
}

fields! {
    EnvSource: "an environment variable" in "environment variables", |source, map, _strings| {
        Prefix = "prefix" => {
            let prefix = map.next_value::<Borrowed>()?.0;
            source.may_set_kubeconfig =
                ["KUBECONFIG", "KUBERNETES_"].iter().any(|name| name.starts_with(&*prefix));
        };
    }
}

/// The name of a volume with its mount path.
struct Mount {
    name: Text,
    path: Text,
}

impl Empty for Mount {
    fn empty(strings: &StringCache) -> Self {
        Self { name: strings.empty(), path: strings.empty() }
    }
}

fields! {
    Mount: "a volume mount" in "volume mounts", |mount, map, strings| {
        Name = "name" => mount.name = text(map, strings)?;
        MountPath = "mountPath" => mount.path = text(map, strings)?;
    }
}

/// The name of a volume and the audiences of its ServiceAccount tokens.
struct Volume {
    name: Text,
    audiences: Vec<Text>,
}

impl Volume {
    fn tokens(self, strings: &StringCache) -> impl Iterator<Item = TokenVolume> + use<> {
        let (name, mounted_by) = (self.name, strings.none());
        self.audiences.into_iter().map(move |audience| TokenVolume {
            name: name.clone(),
            audience,
            mounted_by: mounted_by.clone(),
        })
    }
}

impl Empty for Volume {
    fn empty(strings: &StringCache) -> Self {
        Self { name: strings.empty(), audiences: Vec::new() }
    }
}

fields! {
    Volume: "a volume" in "volumes", |volume, map, strings| {
        Name = "name" => volume.name = text(map, strings)?;
        Projected = "projected" => {
            let seed = OnlySeed {
                expected: "a projected volume",
                name: "sources",
                seed: ListSeed::<VolumeSource>::new(strings),
            };
            let sources = map.next_value_seed(seed)?.into_iter().flatten();
            volume.audiences.extend(sources.filter_map(|source| source.audience));
        };
        Secret = "secret" => {
            let name = TextSeed(strings);
            let seed = OnlySeed { expected: "a Secret volume", name: "secretName", seed: name };
            if map.next_value_seed(seed)?.is_some_and(|name| is_token_secret(&name)) {
                volume.audiences.push(strings.empty());
            }
        };
    }
}

/// Returns whether a name has the form that servers before 1.24 gave to the Secret with a
/// ServiceAccount's token: `ACCOUNT-token-` and five letters or digits.
fn is_token_secret(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(head, tail)| {
        head.ends_with("-token")
            && tail.len() == 5
            && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// A source of a projected volume, with the audience if it is a ServiceAccount token.
struct VolumeSource {
    audience: Option<Text>,
}

impl Empty for VolumeSource {
    fn empty(_strings: &StringCache) -> Self {
        Self { audience: None }
    }
}

fields! {
    VolumeSource: "a volume source" in "volume sources", |source, map, strings| {
        Token = "serviceAccountToken" => {
            let (default, expected) = (strings.empty(), "a ServiceAccount token source");
            let seed = OnlySeed { expected, name: "audience", seed: TextSeed(strings) };
            let audience = map.next_value_seed(OptionSeed(seed))?;
            source.audience = audience.map(|audience| audience.unwrap_or(default));
        };
    }
}
