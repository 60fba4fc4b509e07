//! Well-known programs and the risks inherent in their function.

use std::iter::repeat;
use std::sync::LazyLock;

use ImagePattern::{Image, Words};

/// The function of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// Provisions, attaches and resizes volumes.
    Storage,
    /// Assigns addresses to Services.
    LoadBalancer,
    /// A network plugin.
    Network,
    /// Adds, removes and labels nodes.
    Nodes,
    /// Routes traffic: ingress controllers, gateways and service meshes.
    Traffic,
    /// Issues certificates, and creates routes for domain validation.
    Certificates,
    /// Serves TLS with certificates from the Secrets of other namespaces.
    Tls,
    /// Writes Secrets for the workloads of other namespaces.
    Secrets,
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// The Operator Lifecycle Manager.
    Olm,
    /// Another program that applies any object for its users.
    Applier,
}

/// A pattern for image names that identifies a program.
#[derive(Clone, Copy, Debug)]
enum ImagePattern {
    /// Whole words anywhere in the repository: `calico` in `calico/node`, not in `calicocat/web`.
    Words(&'static str),
    /// The last segments of the repository, for any registry or mirror.
    Image(&'static str),
}

/// The programs with their image patterns, one per line. `=` precedes last segments of the repository.
const IMAGES: [(Program, &str); 12] = [
    (Program::Storage, include_str!("images/storage.txt")),
    (Program::LoadBalancer, include_str!("images/load_balancer.txt")),
    (Program::Network, include_str!("images/network.txt")),
    (Program::Nodes, include_str!("images/nodes.txt")),
    (Program::Traffic, include_str!("images/traffic.txt")),
    (Program::Certificates, include_str!("images/certificates.txt")),
    (Program::Tls, include_str!("images/tls.txt")),
    (Program::Secrets, include_str!("images/secrets.txt")),
    (Program::ArgoCd, include_str!("images/argo_cd.txt")),
    (Program::Flux, include_str!("images/flux.txt")),
    (Program::Olm, include_str!("images/olm.txt")),
    (Program::Applier, include_str!("images/appliers.txt")),
];

static PATTERNS: LazyLock<Vec<(ImagePattern, Program)>> = LazyLock::new(|| {
    let rows = IMAGES.iter().flat_map(|(program, marks)| marks.lines().zip(repeat(*program)));
    rows.map(|(mark, program)| (ImagePattern::of(mark), program)).collect()
});

/// The images of programs whose projects publish manifests that others copy.
static PUBLISHED: LazyLock<Vec<ImagePattern>> =
    LazyLock::new(|| include_str!("images/published.txt").lines().map(ImagePattern::of).collect());

/// Returns whether an image is a release of a well-known program whose manifests are often copied. The
/// manifests in the repository of the program itself have no release, or they use a tag such as `latest`.
pub fn is_published_release(image: &str) -> bool {
    is_release(image) && PUBLISHED.iter().any(|pattern| pattern.is_in(repository_of(image)))
}

/// Returns whether an image has a digest, or a tag that starts with the number of a release.
fn is_release(image: &str) -> bool {
    let (image, digest) = image.split_once('@').map_or((image, None), |(it, at)| (it, Some(at)));
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map_or("", |(_, tag)| tag).to_ascii_lowercase();
    let number = tag.strip_prefix('v').unwrap_or(&tag);
    let is_numbered = number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.');
    let is_unfinished = ["dev", "snapshot"].iter().any(|word| number.contains(word));
    (is_numbered && !is_unfinished) || (tag.is_empty() && digest.is_some())
}

/// ServiceAccount names of operators, to find their rules in files without workloads. Names are
/// only used to find more risks and never excuse one, because any ServiceAccount can have any name.
const OPERATOR_ACCOUNTS: [(&str, Program); 4] = [
    ("argocd", Program::ArgoCd),
    ("kustomize-controller", Program::Flux),
    ("helm-controller", Program::Flux),
    ("olm-operator", Program::Olm),
];

impl Program {
    /// Returns the programs that the images of a repository contain.
    pub(super) fn of_repository(repository: &str) -> Vec<Self> {
        let found = PATTERNS.iter().filter(|(mark, _)| mark.is_in(repository));
        found.map(|(_, program)| *program).collect()
    }

    /// Returns the operators that a ServiceAccount is named after.
    pub(super) fn operators_of_account(namespace: &str, name: &str) -> Vec<Self> {
        let account = format!("{namespace}/{name}");
        let found = OPERATOR_ACCOUNTS.iter().filter(|(mark, _)| has_words(&account, mark));
        found.map(|(_, program)| *program).collect()
    }

    /// Returns whether the program applies custom resources with its own permissions.
    pub(super) fn is_operator(self) -> bool {
        matches!(self, Self::ArgoCd | Self::Flux | Self::Olm)
    }

    /// Returns the operator that acts on a custom resource.
    pub(super) fn acting_on(group: &str, resource: &str) -> Option<Self> {
        Some(match (group, resource) {
            ("argoproj.io", "applications" | "applicationsets") => Self::ArgoCd,
            ("kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io", _) => Self::Flux,
            ("operators.coreos.com", _) => Self::Olm,
            _ => return None,
        })
    }
}

impl ImagePattern {
    /// Reads a line of a list: `=` precedes last segments.
    fn of(mark: &'static str) -> Self {
        mark.strip_prefix('=').map_or(Words(mark), Image)
    }

    fn is_in(self, repository: &str) -> bool {
        match self {
            Words(words) => has_words(repository, words),
            Image(image) => repository
                .strip_suffix(image)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/')),
        }
    }
}

/// Returns an image's repository: its name without registry, tag and digest.
pub(super) fn repository_of(image: &str) -> &str {
    let (image, _digest) = image.split_once('@').unwrap_or((image, ""));
    let path_at = image.rfind('/').unwrap_or(0);
    let tag_at = image.get(path_at..).and_then(|last| last.find(':')).map(|at| path_at + at);
    let image = tag_at.and_then(|at| image.get(..at)).unwrap_or(image);
    match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => image,
    }
}

/// Returns whether a text contains words, delimited on both sides.
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        [before, after].into_iter().flatten().all(|next| !next.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::Program::{self, *};
    use super::{is_published_release, repository_of};

    #[test]
    fn image_names_identify_programs_in_any_registry() {
        let rows: &[(&str, &[Program])] = &[
            ("quay.io/calico/node:v3.30.0", &[Network]),
            ("registry.example.com:5000/mirror/docker.io/calico/node@sha256:abc", &[Network]),
            ("quay.io/tigera/operator:v1.38", &[Network]),
            ("registry.k8s.io/sig-storage/csi-provisioner:v5", &[Storage, Storage]),
            ("amazon/aws-ebs-csi-driver", &[Storage]),
            ("traefik:v3", &[Traffic, Tls]),
            ("kong/kubernetes-ingress-controller:3.4", &[Traffic, Tls]),
            ("ghcr.io/projectcontour/contour", &[Traffic, Tls]),
            ("registry.k8s.io/external-dns/external-dns:v0.15.0", &[Traffic]),
            ("quay.io/jetstack/cert-manager-controller:v1.17.0", &[Certificates, Secrets]),
            ("ghcr.io/external-secrets/external-secrets:v0.14.0", &[Secrets]),
            ("docker.io/bitnami/sealed-secrets-controller", &[Secrets]),
            ("rancher/helm-controller:v0.16.1", &[Flux, Applier]),
            ("quay.io/argoproj/argocd:v3", &[ArgoCd]),
            // Names that only contain a program's name, or programs that run next to any workload.
            ("hongkong/shop:1", &[]),
            ("kong-shop/web", &[]),
            ("canalplus/player", &[]),
            ("acme/contours", &[]),
            ("traefik/whoami", &[]),
            ("acme/user-provisioner", &[]),
            ("cr.l5d.io/linkerd/proxy:stable", &[]),
            ("calico.example.com/shop/web", &[]),
            ("acme/web:calico", &[]),
            ("acme/web:5@sha256:calico", &[]),
            ("", &[]),
        ];
        for (image, expected) in rows {
            assert_eq!(Program::of_repository(repository_of(image)), *expected, "{image}");
        }
    }

    #[test]
    fn releases_of_published_programs_have_a_number_or_a_digest() {
        for (image, expected) in [
            ("quay.io/jetstack/cert-manager-controller:v1.17.0", true),
            ("registry.example.com:5000/mirror/jetstack/cert-manager-controller:v1.17.0", true),
            ("quay.io/calico/node:v3.30.0@sha256:abc", true),
            ("gcr.io/knative-releases/knative.dev/serving/cmd/webhook@sha256:abc", true),
            // As in the repository of the program.
            ("quay.io/argoproj/argocd:latest", false),
            ("quay.io/argoproj/argocd", false),
            ("ghcr.io/kedacore/keda:main", false),
            ("quay.io/jetstack/cert-manager-controller:1.18.0-dev", false),
            ("quay.io/argoproj/argocd:latest@sha256:abc", false),
            // Other programs.
            ("registry.example.com:5000/argocd:v1.2.3", false),
            ("ghcr.io/acme/cert-manager-controller-shop:v1.17.0", false),
            ("acme/web:v1.2.3", false),
            ("", false),
        ] {
            assert_eq!(is_published_release(image), expected, "{image}");
        }
    }
}
