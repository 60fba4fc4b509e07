//! Decodes pod specs: the ServiceAccount, the mounted tokens and the containers.

use rolecall_rbac::{Container, Labels, PodLines, PodSpec, Text, TokenVolume};
use serde::de::{MapAccess, SeqAccess};

use super::environment::{Environment, sets_kubeconfig};
use super::seed::{
    Fields, FlagSeed, Items, ListSeed, ObjectSeed, OnlySeed, OptionSeed, TestSeed, TextSeed,
    TextsSeed,
};
use super::strings::StringCache;

/// The mount path of the token that the kubelet provides.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Reads a pod spec.
pub(super) struct PodSpecFields<'s> {
    strings: &'s mut StringCache,
    path: Text,
    service_account: Option<Text>,
    /// `serviceAccount`, which applies only if `serviceAccountName` is empty.
    alias: Option<Text>,
    automount_token: Option<bool>,
    volumes: Vec<TokenVolume>,
    init_containers: Vec<MountingContainer>,
    containers: Vec<MountingContainer>,
}

/// A container with the names of the volumes that it mounts.
struct MountingContainer {
    container: Container,
    mounts: Vec<Text>,
}

impl<'s> PodSpecFields<'s> {
    /// Reads the pod spec at `path` of its object.
    pub(super) fn seed(strings: &'s mut StringCache, path: &str) -> ObjectSeed<Self> {
        let path = strings.text(path);
        ObjectSeed(Self {
            strings,
            path,
            service_account: None,
            alias: None,
            automount_token: None,
            volumes: Vec::new(),
            init_containers: Vec::new(),
            containers: Vec::new(),
        })
    }
}

#[derive(Clone, Copy)]
pub(super) enum PodField {
    ServiceAccountName,
    ServiceAccount,
    AutomountToken,
    Volumes,
    InitContainers,
    Containers,
}

impl<'de> Fields<'de> for PodSpecFields<'_> {
    const EXPECTED: &'static str = "a pod spec";
    type Field = PodField;
    type Output = PodSpec;

    fn field(name: &str) -> Option<PodField> {
        Some(match name {
            "serviceAccountName" => PodField::ServiceAccountName,
            "serviceAccount" => PodField::ServiceAccount,
            "automountServiceAccountToken" => PodField::AutomountToken,
            "volumes" => PodField::Volumes,
            "initContainers" => PodField::InitContainers,
            "containers" => PodField::Containers,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(&mut self, field: PodField, map: &mut A) -> Result<(), A::Error> {
        let strings = &mut *self.strings;
        match field {
            PodField::ServiceAccountName => {
                self.service_account = Some(map.next_value_seed(TextSeed(strings))?);
            }
            PodField::ServiceAccount => {
                self.alias = Some(map.next_value_seed(TextSeed(strings))?);
            }
            PodField::AutomountToken => self.automount_token = map.next_value_seed(FlagSeed)?,
            PodField::Volumes => {
                let seed = ListSeed(Volumes { strings, volumes: Vec::new() });
                self.volumes = map.next_value_seed(seed)?;
            }
            PodField::InitContainers => {
                let seed = ListSeed(Containers { strings, init: true, containers: Vec::new() });
                self.init_containers = map.next_value_seed(seed)?;
            }
            PodField::Containers => {
                let seed = ListSeed(Containers { strings, init: false, containers: Vec::new() });
                self.containers = map.next_value_seed(seed)?;
            }
        }
        Ok(())
    }

    fn is_stray(key: &str) -> bool {
        super::stray::is_nearly_of_pod_specs(key)
    }

    fn note_stray(&mut self, key: &str) {
        let path = self.path.trim_start_matches('.');
        self.strings.stray.push(format!("{path}.{key}"));
    }

    fn finish(self) -> PodSpec {
        let written = [self.service_account, self.alias];
        let service_account = written.into_iter().flatten().find(|name| !name.is_empty());
        let mut volumes = self.volumes;
        let all = || self.init_containers.iter().chain(&self.containers);
        for volume in &mut volumes {
            let mounting = all().filter(|container| container.mounts.contains(&volume.name));
            let names: Vec<&str> = mounting.map(|container| &*container.container.name).collect();
            volume.mounted_by = self.strings.list(&names);
        }
        PodSpec {
            path: self.path,
            annotations: Labels::default(),
            service_account: service_account.unwrap_or_else(|| self.strings.text("")),
            account_is_derived: false,
            automount_token: self.automount_token,
            token_volumes: volumes.into(),
            containers: self
                .init_containers
                .into_iter()
                .chain(self.containers)
                .map(|container| container.container)
                .collect(),
            lines: PodLines::default(),
        }
    }
}

struct Containers<'s> {
    strings: &'s mut StringCache,
    init: bool,
    containers: Vec<MountingContainer>,
}

impl<'de> Items<'de> for Containers<'_> {
    const EXPECTED: &'static str = "a list of containers";
    type Output = Vec<MountingContainer>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let (empty, none) = (self.strings.text(""), self.strings.none());
        let container = Container {
            name: empty.clone(),
            image: empty,
            command: none.clone(),
            args: none,
            init: self.init,
            covers_token_path: false,
            may_have_kubeconfig: false,
            env: Box::default(),
        };
        let seed = ObjectSeed(ContainerFields {
            strings: self.strings,
            container: MountingContainer { container, mounts: Vec::new() },
        });
        let container = items.next_element_seed(seed)?;
        let more = container.is_some();
        self.containers.extend(container);
        Ok(more)
    }

    fn finish(self) -> Vec<MountingContainer> {
        self.containers
    }
}

struct ContainerFields<'s> {
    strings: &'s mut StringCache,
    container: MountingContainer,
}

#[derive(Clone, Copy)]
enum ContainerField {
    Name,
    Image,
    Command,
    Args,
    Env,
    EnvFrom,
    VolumeMounts,
}

impl<'de> Fields<'de> for ContainerFields<'_> {
    const EXPECTED: &'static str = "a container";
    type Field = ContainerField;
    type Output = MountingContainer;

    fn field(name: &str) -> Option<ContainerField> {
        Some(match name {
            "name" => ContainerField::Name,
            "image" => ContainerField::Image,
            "command" => ContainerField::Command,
            "args" => ContainerField::Args,
            "env" => ContainerField::Env,
            "envFrom" => ContainerField::EnvFrom,
            "volumeMounts" => ContainerField::VolumeMounts,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: ContainerField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let strings = &mut *self.strings;
        let container = &mut self.container.container;
        match field {
            ContainerField::Name => container.name = map.next_value_seed(TextSeed(strings))?,
            ContainerField::Image => container.image = map.next_value_seed(TextSeed(strings))?,
            ContainerField::Command => {
                container.command = map.next_value_seed(TextsSeed(strings))?;
            }
            ContainerField::Args => container.args = map.next_value_seed(TextsSeed(strings))?,
            ContainerField::Env if may_refer_to_variables(container) => {
                let items = Environment::new(strings);
                let (sets_kubeconfig, variables) = map.next_value_seed(ListSeed(items))?;
                container.may_have_kubeconfig |= sets_kubeconfig;
                container.env = variables.into();
            }
            ContainerField::Env => {
                let seed = ListSeed(Variables { key: "name", sets: sets_kubeconfig, any: false });
                container.may_have_kubeconfig |= map.next_value_seed(seed)?;
            }
            ContainerField::EnvFrom => {
                let seed =
                    ListSeed(Variables { key: "prefix", sets: may_set_kubeconfig, any: false });
                container.may_have_kubeconfig |= map.next_value_seed(seed)?;
            }
            ContainerField::VolumeMounts => {
                let seed = ListSeed(Mounts { strings, mounts: Vec::new() });
                let mounts = map.next_value_seed(seed)?;
                let paths = || mounts.iter().map(|(_, path)| path.trim_end_matches('/'));
                container.covers_token_path = paths().any(|path| path == TOKEN_PATH);
                container.may_have_kubeconfig |=
                    paths().any(|path| path.ends_with("/.kube") || path.ends_with("/.kube/config"));
                self.container.mounts = mounts.into_iter().map(|(name, _)| name).collect();
            }
        }
        Ok(())
    }

    fn finish(mut self) -> MountingContainer {
        let container = &mut self.container.container;
        if !container.env.is_empty() {
            let variables = std::mem::take(&mut container.env).into_vec().into_iter();
            container.env =
                variables.filter(|variable| refers_to(container, &variable.name)).collect();
        }
        self.container
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

struct Mounts<'s> {
    strings: &'s mut StringCache,
    /// The names of the volumes with their mount paths.
    mounts: Vec<(Text, Text)>,
}

impl<'de> Items<'de> for Mounts<'_> {
    const EXPECTED: &'static str = "a list of volume mounts";
    type Output = Vec<(Text, Text)>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let empty = self.strings.text("");
        let seed =
            ObjectSeed(MountFields { strings: self.strings, name: empty.clone(), path: empty });
        let mount = items.next_element_seed(seed)?;
        let more = mount.is_some();
        self.mounts.extend(mount);
        Ok(more)
    }

    fn finish(self) -> Self::Output {
        self.mounts
    }
}

/// Reads `env` or `envFrom`: whether an item sets a variable with a certain name or prefix.
struct Variables {
    key: &'static str,
    sets: fn(&str) -> bool,
    any: bool,
}

impl<'de> Items<'de> for Variables {
    const EXPECTED: &'static str = "a list of environment variables";
    type Output = bool;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let expected = "an environment variable";
        let seed = OnlySeed { expected, name: self.key, seed: TestSeed(self.sets) };
        let Some(sets) = items.next_element_seed(seed)? else { return Ok(false) };
        self.any |= sets.unwrap_or_else(|| (self.sets)(""));
        Ok(true)
    }

    fn finish(self) -> bool {
        self.any
    }
}

/// Returns whether a ConfigMap or Secret with unknown keys might set such a variable.
fn may_set_kubeconfig(prefix: &str) -> bool {
    "KUBECONFIG".starts_with(prefix) || "KUBERNETES_".starts_with(prefix)
}

struct MountFields<'s> {
    strings: &'s mut StringCache,
    name: Text,
    path: Text,
}

#[derive(Clone, Copy)]
enum MountField {
    Name,
    MountPath,
}

impl<'de> Fields<'de> for MountFields<'_> {
    const EXPECTED: &'static str = "a volume mount";
    type Field = MountField;
    type Output = (Text, Text);

    fn field(name: &str) -> Option<MountField> {
        match name {
            "name" => Some(MountField::Name),
            "mountPath" => Some(MountField::MountPath),
            _ => None,
        }
    }

    fn read<A: MapAccess<'de>>(&mut self, field: MountField, map: &mut A) -> Result<(), A::Error> {
        let text = map.next_value_seed(TextSeed(self.strings))?;
        match field {
            MountField::Name => self.name = text,
            MountField::MountPath => self.path = text,
        }
        Ok(())
    }

    fn finish(self) -> Self::Output {
        (self.name, self.path)
    }
}

/// Reads `volumes` and keeps those with a ServiceAccount token.
struct Volumes<'s> {
    strings: &'s mut StringCache,
    volumes: Vec<TokenVolume>,
}

impl<'de> Items<'de> for Volumes<'_> {
    const EXPECTED: &'static str = "a list of volumes";
    type Output = Vec<TokenVolume>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let fields = VolumeFields { strings: self.strings, name: None, audiences: Vec::new() };
        let Some((name, audiences)) = items.next_element_seed(ObjectSeed(fields))? else {
            return Ok(false);
        };
        let name = name.unwrap_or_else(|| self.strings.text(""));
        self.volumes.extend(audiences.into_iter().map(|audience| TokenVolume {
            name: name.clone(),
            audience,
            mounted_by: self.strings.none(),
        }));
        Ok(true)
    }

    fn finish(self) -> Vec<TokenVolume> {
        self.volumes
    }
}

struct VolumeFields<'s> {
    strings: &'s mut StringCache,
    name: Option<Text>,
    audiences: Vec<Text>,
}

#[derive(Clone, Copy)]
enum VolumeField {
    Name,
    Projected,
    Secret,
}

impl<'de> Fields<'de> for VolumeFields<'_> {
    const EXPECTED: &'static str = "a volume";
    type Field = VolumeField;
    /// The name of the volume and the audiences of its tokens.
    type Output = (Option<Text>, Vec<Text>);

    fn field(name: &str) -> Option<VolumeField> {
        match name {
            "name" => Some(VolumeField::Name),
            "projected" => Some(VolumeField::Projected),
            "secret" => Some(VolumeField::Secret),
            _ => None,
        }
    }

    fn read<A: MapAccess<'de>>(&mut self, field: VolumeField, map: &mut A) -> Result<(), A::Error> {
        match field {
            VolumeField::Name => self.name = Some(map.next_value_seed(TextSeed(self.strings))?),
            VolumeField::Projected => {
                let sources = ListSeed(Sources { strings: self.strings, audiences: Vec::new() });
                let seed =
                    OnlySeed { expected: "a projected volume", name: "sources", seed: sources };
                self.audiences.extend(map.next_value_seed(seed)?.into_iter().flatten());
            }
            VolumeField::Secret => {
                let name = TextSeed(self.strings);
                let seed = OnlySeed { expected: "a Secret volume", name: "secretName", seed: name };
                if map.next_value_seed(seed)?.is_some_and(|name| is_token_secret(&name)) {
                    self.audiences.push(self.strings.text(""));
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Self::Output {
        (self.name, self.audiences)
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

struct Sources<'s> {
    strings: &'s mut StringCache,
    audiences: Vec<Text>,
}

impl<'de> Items<'de> for Sources<'_> {
    const EXPECTED: &'static str = "a list of volume sources";
    type Output = Vec<Text>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let default = self.strings.text("");
        let audience = TextSeed(self.strings);
        let expected = "a ServiceAccount token source";
        let token = OptionSeed(OnlySeed { expected, name: "audience", seed: audience });
        let seed =
            OnlySeed { expected: "a volume source", name: "serviceAccountToken", seed: token };
        let Some(source) = items.next_element_seed(seed)? else { return Ok(false) };
        self.audiences.extend(source.flatten().map(|audience| audience.unwrap_or(default)));
        Ok(true)
    }

    fn finish(self) -> Vec<Text> {
        self.audiences
    }
}
