//! Decodes the served resource that a CustomResourceDefinition adds.

use rolecall_rbac::{ServedResource, Subresource, Text};
use serde::de::{MapAccess, SeqAccess};

use super::seed::{Fields, Items, ListSeed, ObjectSeed, TextSeed, TextsSeed};
use super::strings::StringCache;

/// The verbs of every custom resource.
const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// The verbs of the subresources `status` and `scale`.
const SUBRESOURCE_VERBS: [&str; 3] = ["get", "patch", "update"];

/// Reads the `spec` of a CustomResourceDefinition; `None` without a plural name.
pub(super) struct ResourceFields<'s> {
    strings: &'s mut StringCache,
    group: Text,
    names: Names,
    namespaced: bool,
    subresources: Subresources,
}

/// The subresources that at least one version has.
#[derive(Clone, Copy, Default)]
pub(super) struct Subresources {
    status: bool,
    scale: bool,
}

impl<'s> ResourceFields<'s> {
    pub(super) fn seed(strings: &'s mut StringCache) -> ObjectSeed<Self> {
        let empty = strings.text("");
        ObjectSeed(Self {
            strings,
            group: empty.clone(),
            names: Names {
                plural: empty.clone(),
                singular: empty.clone(),
                kind: empty,
                short_names: Vec::new(),
            },
            // `scope` is required; the API server rejects an object without it.
            namespaced: true,
            subresources: Subresources::default(),
        })
    }
}

#[derive(Clone, Copy)]
pub(super) enum ResourceField {
    Group,
    Names,
    Scope,
    Versions,
    Subresources,
}

impl<'de> Fields<'de> for ResourceFields<'_> {
    const EXPECTED: &'static str = "an object";
    type Field = ResourceField;
    type Output = Option<ServedResource>;

    fn field(name: &str) -> Option<ResourceField> {
        Some(match name {
            "group" => ResourceField::Group,
            "names" => ResourceField::Names,
            "scope" => ResourceField::Scope,
            "versions" => ResourceField::Versions,
            // v1beta1 has one field for all versions.
            "subresources" => ResourceField::Subresources,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: ResourceField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            ResourceField::Group => self.group = map.next_value_seed(TextSeed(self.strings))?,
            ResourceField::Names => {
                let names = self.names.clone();
                let seed = ObjectSeed(NamesFields { strings: self.strings, names });
                self.names = map.next_value_seed(seed)?;
            }
            ResourceField::Scope => {
                self.namespaced = *map.next_value_seed(TextSeed(self.strings))? != *"Cluster";
            }
            ResourceField::Versions => {
                let found = map.next_value_seed(ListSeed(Versions(self.subresources)))?;
                self.subresources = found;
            }
            ResourceField::Subresources => {
                let found = map.next_value_seed(ObjectSeed(self.subresources))?;
                self.subresources = found;
            }
        }
        Ok(())
    }

    fn finish(self) -> Option<ServedResource> {
        if self.names.plural.is_empty() {
            return None;
        }
        let strings = self.strings;
        let mut verbs = |verbs: &[&str]| verbs.iter().map(|verb| strings.text(verb)).collect();
        let served = [("scale", self.subresources.scale), ("status", self.subresources.status)];
        let subresources = served
            .into_iter()
            .filter(|(_, served)| *served)
            .map(|(name, _)| Subresource { name: name.into(), verbs: verbs(&SUBRESOURCE_VERBS) })
            .collect();
        let singular = if self.names.singular.is_empty() {
            self.names.kind.to_lowercase().into()
        } else {
            self.names.singular
        };
        Some(ServedResource {
            group: self.group,
            resource: self.names.plural,
            singular,
            kind: self.names.kind,
            namespaced: self.namespaced,
            short_names: self.names.short_names,
            verbs: verbs(&VERBS),
            subresources,
            is_virtual: false,
        })
    }
}

#[derive(Clone)]
struct Names {
    plural: Text,
    singular: Text,
    kind: Text,
    short_names: Vec<Text>,
}

struct NamesFields<'s> {
    strings: &'s mut StringCache,
    names: Names,
}

#[derive(Clone, Copy)]
enum NameField {
    Plural,
    Singular,
    Kind,
    ShortNames,
}

impl<'de> Fields<'de> for NamesFields<'_> {
    const EXPECTED: &'static str = "an object";
    type Field = NameField;
    type Output = Names;

    fn field(name: &str) -> Option<NameField> {
        Some(match name {
            "plural" => NameField::Plural,
            "singular" => NameField::Singular,
            "kind" => NameField::Kind,
            "shortNames" => NameField::ShortNames,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(&mut self, field: NameField, map: &mut A) -> Result<(), A::Error> {
        let (strings, names) = (&mut *self.strings, &mut self.names);
        match field {
            NameField::Plural => names.plural = map.next_value_seed(TextSeed(strings))?,
            NameField::Singular => names.singular = map.next_value_seed(TextSeed(strings))?,
            NameField::Kind => names.kind = map.next_value_seed(TextSeed(strings))?,
            NameField::ShortNames => {
                names.short_names = map.next_value_seed(TextsSeed(strings))?.to_vec();
            }
        }
        Ok(())
    }

    fn finish(self) -> Names {
        self.names
    }
}

struct Versions(Subresources);

impl<'de> Items<'de> for Versions {
    const EXPECTED: &'static str = "a list of versions";
    type Output = Subresources;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let Some(found) = items.next_element_seed(ObjectSeed(VersionFields(self.0)))? else {
            return Ok(false);
        };
        self.0 = found;
        Ok(true)
    }

    fn finish(self) -> Subresources {
        self.0
    }
}

struct VersionFields(Subresources);

#[derive(Clone, Copy)]
struct SubresourcesField;

impl<'de> Fields<'de> for VersionFields {
    const EXPECTED: &'static str = "a version";
    type Field = SubresourcesField;
    type Output = Subresources;

    fn field(name: &str) -> Option<SubresourcesField> {
        (name == "subresources").then_some(SubresourcesField)
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        SubresourcesField: SubresourcesField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        self.0 = map.next_value_seed(ObjectSeed(self.0))?;
        Ok(())
    }

    fn finish(self) -> Subresources {
        self.0
    }
}

#[derive(Clone, Copy)]
pub(super) enum SubresourceField {
    Status,
    Scale,
}

impl<'de> Fields<'de> for Subresources {
    const EXPECTED: &'static str = "an object";
    type Field = SubresourceField;
    type Output = Self;

    fn field(name: &str) -> Option<SubresourceField> {
        match name {
            "status" => Some(SubresourceField::Status),
            "scale" => Some(SubresourceField::Scale),
            _ => None,
        }
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: SubresourceField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        // An empty object enables the subresource; null does not.
        let present = map.next_value::<Option<serde::de::IgnoredAny>>()?.is_some();
        match field {
            SubresourceField::Status => self.status |= present,
            SubresourceField::Scale => self.scale |= present,
        }
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }
}
