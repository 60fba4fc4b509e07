//! Well-known programs, and the risks that they cannot work without.

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// Provisions, attaches and resizes volumes.
    Storage,
    /// Gives Services their addresses.
    LoadBalancer,
    /// A network plugin.
    Network,
    /// Adds, removes and labels nodes.
    Nodes,
    /// Routes traffic: ingress controllers, gateways and service meshes.
    Traffic,
    /// Issues certificates, and proves domains by routes of its own.
    Certificates,
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// The Operator Lifecycle Manager.
    Olm,
}

/// Parts of image names and of `NAMESPACE/NAME` of ServiceAccounts, and the programs that have them.
const MARKS: [(&str, Program); 58] = [
    ("csi-", Program::Storage),
    ("-csi", Program::Storage),
    ("/csi", Program::Storage),
    ("cephcsi", Program::Storage),
    ("rook/ceph", Program::Storage),
    ("rook-ceph", Program::Storage),
    ("longhorn", Program::Storage),
    ("-provisioner", Program::Storage),
    ("/snapshot-controller", Program::Storage),
    ("topolvm", Program::Storage),
    ("openebs", Program::Storage),
    ("piraeus", Program::Storage),
    ("portworx", Program::Storage),
    ("metallb", Program::LoadBalancer),
    ("kube-vip", Program::LoadBalancer),
    ("klipper-lb", Program::LoadBalancer),
    ("purelb", Program::LoadBalancer),
    ("openelb", Program::LoadBalancer),
    ("load-balancer-controller", Program::LoadBalancer),
    ("cloud-controller-manager", Program::LoadBalancer),
    ("cloud-controller-manager", Program::Nodes),
    ("calico", Program::Network),
    ("tigera-operator", Program::Network),
    ("cilium", Program::Network),
    ("flannel", Program::Network),
    ("weave-net", Program::Network),
    ("weave-kube", Program::Network),
    ("antrea", Program::Network),
    ("multus", Program::Network),
    ("kube-router", Program::Network),
    ("kube-ovn", Program::Network),
    ("ovn-kubernetes", Program::Network),
    ("canal", Program::Network),
    ("aws-node", Program::Network),
    ("amazon-k8s-cni", Program::Network),
    ("cluster-autoscaler", Program::Nodes),
    ("karpenter", Program::Nodes),
    ("node-problem-detector", Program::Nodes),
    ("node-feature-discovery", Program::Nodes),
    ("machine-config-", Program::Nodes),
    ("kured", Program::Nodes),
    ("system-upgrade-controller", Program::Nodes),
    ("ingress-nginx", Program::Traffic),
    ("nginx-ingress", Program::Traffic),
    ("traefik", Program::Traffic),
    ("haproxy-ingress", Program::Traffic),
    ("contour", Program::Traffic),
    ("envoy-gateway", Program::Traffic),
    ("kong", Program::Traffic),
    ("istiod", Program::Traffic),
    ("istio/pilot", Program::Traffic),
    ("linkerd", Program::Traffic),
    ("external-dns", Program::Traffic),
    ("cert-manager", Program::Certificates),
    ("argocd", Program::ArgoCd),
    ("kustomize-controller", Program::Flux),
    ("helm-controller", Program::Flux),
    ("olm-operator", Program::Olm),
];

impl Program {
    const ALL: [Self; 9] = [
        Self::Storage,
        Self::LoadBalancer,
        Self::Network,
        Self::Nodes,
        Self::Traffic,
        Self::Certificates,
        Self::ArgoCd,
        Self::Flux,
        Self::Olm,
    ];

    /// Returns the programs that an image runs.
    pub(super) fn of_image(image: &str) -> Vec<Self> {
        let digest = image.find('@').unwrap_or(image.len());
        let image = image.get(..digest).unwrap_or(image);
        Self::marked(image)
    }

    /// Returns the programs that a ServiceAccount is named after.
    pub(super) fn of_account(namespace: &str, name: &str) -> Vec<Self> {
        Self::marked(&format!("{namespace}/{name}"))
    }

    fn marked(text: &str) -> Vec<Self> {
        let found = MARKS.iter().filter(|(mark, _)| text.contains(mark));
        found.map(|(_, program)| *program).collect()
    }

    /// Returns the codes of the risks that the program is there for.
    fn purposes(self) -> &'static [&'static str] {
        match self {
            Self::Storage => &["RC540", "RC541"],
            Self::LoadBalancer => &["RC542", "RC544"],
            Self::Network => &["RC523", "RC526", "RC542"],
            Self::Nodes => &["RC524", "RC526"],
            Self::Traffic => &["RC542", "RC543", "RC544"],
            Self::Certificates => &["RC542", "RC543"],
            Self::ArgoCd | Self::Flux | Self::Olm => &["RC552"],
        }
    }

    /// Returns whether a risk is what the program is there for.
    pub(super) fn is_for(self, code: &str) -> bool {
        self.purposes().contains(&code)
    }

    /// Returns whether some program is there for a risk.
    pub(super) fn needs(code: &str) -> bool {
        Self::ALL.iter().any(|program| program.is_for(code))
    }

    /// Returns whether the program applies in its own name what custom resources say.
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
