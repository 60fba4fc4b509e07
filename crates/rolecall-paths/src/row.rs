//! The rows: the steps that paths consist of.

use std::fmt;

/// One kind of step, in the order in which paths prefer them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Row {
    /// Request a token.
    X01,
    /// Create a Pod.
    X02,
    /// Create or change a workload.
    X03,
    /// Change the image of a Pod.
    X04,
    /// Execute a command in a Pod.
    X05,
    /// Add a container to a Pod.
    X06,
    /// Have a token stored in a Secret.
    X07,
    /// Read a Secret with a token.
    X08,
    /// Impersonate a ServiceAccount.
    X09,
    /// Impersonate a user.
    X10,
    /// Impersonate a member of groups.
    X11,
    /// Impersonate for some verbs only.
    X12,
    /// Create a RoleBinding.
    X13,
    /// Change a RoleBinding.
    X14,
    /// Create a ClusterRoleBinding.
    X15,
    /// Change a ClusterRoleBinding.
    X16,
    /// Change its own role.
    X17,
    /// Create a role and bind it.
    X18,
    /// Write a ClusterRole that an aggregated one includes.
    X19,
    /// Approve its own certificate.
    X20,
    /// Use the API of a kubelet.
    X21,
    /// Change objects at admission.
    X22,
    /// Take over a node with a privileged Pod.
    X23,
    /// Lift Pod Security and take over a node.
    X24,
    /// Change the users of an EKS cluster.
    X25,
    /// Depend on something that the input does not show.
    X26,
}

/// The description of a [`Row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowText {
    /// The name of the step.
    pub title: &'static str,
    /// The necessary rights.
    pub needs: &'static str,
    /// The result.
    pub gains: &'static str,
    /// The reason, with the place in the Kubernetes source that makes it work.
    pub because: &'static str,
}

impl Row {
    /// All rows in order.
    pub const ALL: [Self; 26] = [
        Self::X01,
        Self::X02,
        Self::X03,
        Self::X04,
        Self::X05,
        Self::X06,
        Self::X07,
        Self::X08,
        Self::X09,
        Self::X10,
        Self::X11,
        Self::X12,
        Self::X13,
        Self::X14,
        Self::X15,
        Self::X16,
        Self::X17,
        Self::X18,
        Self::X19,
        Self::X20,
        Self::X21,
        Self::X22,
        Self::X23,
        Self::X24,
        Self::X25,
        Self::X26,
    ];

    /// Returns the row with an identifier such as `X02`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.to_string().eq_ignore_ascii_case(text))
    }

    /// Returns the description.
    pub fn text(self) -> &'static RowText {
        match self {
            Self::X01 => &RowText {
                title: "request a token",
                needs: "create serviceaccounts/token of an existing ServiceAccount",
                gains: "the ServiceAccount",
                because: "The TokenRequest API returns a token of the ServiceAccount in the URL. \
                          A name in resourceNames limits it, because the URL contains the name.",
            },
            Self::X02 => &RowText {
                title: "create a Pod",
                needs: "create pods",
                gains: "every ServiceAccount of the namespace",
                because: "A Pod can name any ServiceAccount of its namespace, and the \
                          ServiceAccount admission plugin mounts its token.",
            },
            Self::X03 => &RowText {
                title: "create or change a workload",
                needs: "create, or update or patch an existing one of: deployments, statefulsets, \
                        daemonsets, replicasets (apps), replicationcontrollers, cronjobs (batch); \
                        create jobs (batch)",
                gains: "every ServiceAccount of the namespace",
                because: "The controller creates Pods from the template, which can name any \
                          ServiceAccount of the namespace. The template of a Job is immutable.",
            },
            Self::X04 => &RowText {
                title: "change the image of a Pod",
                needs: "update or patch pods, for a Pod with a mounted token",
                gains: "the ServiceAccount of the Pod",
                because: "The image of a running container is mutable, and the new image runs \
                          with the same token.",
            },
            Self::X05 => &RowText {
                title: "execute a command in a Pod",
                needs: "create pods/exec or pods/attach (before 1.35 also get), for a Pod with a \
                        mounted token",
                gains: "the ServiceAccount of the Pod",
                because: "A command in the container can read the token. A WebSocket client sends \
                          a GET, and only 1.35 and later also check create \
                          (pkg/registry/core/pod/rest/authorize.go).",
            },
            Self::X06 => &RowText {
                title: "add a container to a Pod",
                needs: "update or patch pods/ephemeralcontainers, for a Pod with a mounted token",
                gains: "the ServiceAccount of the Pod",
                because: "An ephemeral container can mount the volumes of the Pod, including its \
                          token.",
            },
            Self::X07 => &RowText {
                title: "have a token stored in a Secret",
                needs: "create secrets, then get (without resourceNames), list or watch secrets",
                gains: "every ServiceAccount of the namespace",
                because: "If a Secret has the type kubernetes.io/service-account-token, the token \
                          controller adds a token of the ServiceAccount in its annotation \
                          (pkg/controller/serviceaccount/tokens_controller.go).",
            },
            Self::X08 => &RowText {
                title: "read a Secret with a token",
                needs: "get, list or watch secrets, for a Secret that a ServiceAccount lists",
                gains: "the ServiceAccount",
                because: "Until 1.23, a controller stored a token of each ServiceAccount in a \
                          Secret and listed the Secret in the field `secrets`.",
            },
            Self::X09 => &RowText {
                title: "impersonate a ServiceAccount",
                needs: "impersonate serviceaccounts",
                gains: "the ServiceAccount",
                because: "The server authorizes the request as the user in its Impersonate-User \
                          header. The ServiceAccount does not need to exist.",
            },
            Self::X10 => &RowText {
                title: "impersonate a user",
                needs: "impersonate users, cluster-wide",
                gains: "the user, for every user that a binding names",
                because: "The same header can name a user. For the user name of a ServiceAccount, \
                          the server checks serviceaccounts instead.",
            },
            Self::X11 => &RowText {
                title: "impersonate a member of groups",
                needs: "impersonate groups, and impersonate any user or ServiceAccount",
                gains: "a member of every allowed group that a binding names; with system:masters, \
                        everything",
                because: "Impersonate-Group headers replace the groups of the identity. The server \
                          rejects them without a user.",
            },
            Self::X12 => &RowText {
                title: "impersonate for some verbs only",
                needs: "impersonate:MODE on serviceaccounts, users or nodes \
                        (authentication.k8s.io), and impersonate-on:MODE:VERB on the resource",
                gains: "these requests as the identity",
                because: "Constrained impersonation is enabled by default since 1.36.",
            },
            Self::X13 => &RowText {
                title: "create a RoleBinding",
                needs: "create rolebindings, and bind the role or hold all its rules",
                gains: "the rules of the role in the namespace",
                because: "The server requires bind on the role, in the namespace of the binding, \
                          or that the rules of the requester cover those of the role \
                          (pkg/registry/rbac/rolebinding/policybased/storage.go).",
            },
            Self::X14 => &RowText {
                title: "change a RoleBinding",
                needs: "update or patch an existing RoleBinding, and bind its role or hold all its \
                        rules",
                gains: "the rules of its role in the namespace",
                because: "The server checks an update of a binding like its creation, and an \
                          update can add subjects.",
            },
            Self::X15 => &RowText {
                title: "create a ClusterRoleBinding",
                needs: "create clusterrolebindings, and bind the ClusterRole cluster-wide or hold \
                        all its rules",
                gains: "the rules of the ClusterRole everywhere",
                because: "As for a RoleBinding, but bind is checked at the cluster scope.",
            },
            Self::X16 => &RowText {
                title: "change a ClusterRoleBinding",
                needs: "update or patch an existing ClusterRoleBinding, and bind its role or hold \
                        all its rules",
                gains: "the rules of its role everywhere",
                because: "As for a RoleBinding.",
            },
            Self::X17 => &RowText {
                title: "change its own role",
                needs: "update or patch a role, and escalate on it, while a binding grants the \
                        role",
                gains: "everything in the scope of that binding",
                because: "escalate skips the check that the requester holds the new rules \
                          (pkg/registry/rbac/role/policybased/storage.go).",
            },
            Self::X18 => &RowText {
                title: "create a role and bind it",
                needs: "create roles or clusterroles, and escalate; then create a binding, and \
                        bind the new role",
                gains: "everything in the scope of the binding",
                because: "A POST has no name, so resourceNames never match it; a server-side apply \
                          has a name.",
            },
            Self::X19 => &RowText {
                title: "write a ClusterRole that an aggregated one includes",
                needs: "create, update or patch a ClusterRole, and escalate on it, while a binding \
                        grants an aggregated ClusterRole",
                gains: "everything in the scope of that binding",
                because: "The aggregation controller copies the rules of every ClusterRole with a \
                          selected label.",
            },
            Self::X20 => &RowText {
                title: "approve its own certificate",
                needs: "create certificatesigningrequests, then update or patch their approval, \
                        and approve the signer kubernetes.io/kube-apiserver-client",
                gains: "every user that a binding names, in any group except system:masters",
                because: "The signer issues client certificates for any user and groups. An \
                          admission plugin rejects system:masters.",
            },
            Self::X21 => &RowText {
                title: "use the API of a kubelet",
                needs: "get or create nodes/proxy",
                gains: "the ServiceAccounts of all Pods with a mounted token on the node",
                because: "The kubelet runs commands in its Pods, even for a GET request.",
            },
            Self::X22 => &RowText {
                title: "change objects at admission",
                needs: "create, update or patch mutatingwebhookconfigurations; from 1.36 also \
                        mutatingadmissionpolicies and their bindings",
                gains: "everything",
                because: "A mutating webhook or policy can change every object that a client \
                          writes, such as the subjects of bindings that controllers write.",
            },
            Self::X23 => &RowText {
                title: "take over a node with a privileged Pod",
                needs: "X02 or X03 in a namespace that does not enforce Pod Security `baseline` or \
                        `restricted`",
                gains: "root on a node, and the ServiceAccounts of all Pods with a mounted token",
                because: "A privileged Pod can run on any node and read the files of its kubelet.",
            },
            Self::X24 => &RowText {
                title: "lift Pod Security and take over a node",
                needs: "update or patch the Namespace, and X02 or X03 in it",
                gains: "root on a node, and the ServiceAccounts of all Pods with a mounted token",
                because: "Pod Security admission reads the level to enforce from a label of the \
                          Namespace.",
            },
            Self::X25 => &RowText {
                title: "change the users of an EKS cluster",
                needs: "update or patch the ConfigMap kube-system/aws-auth",
                gains: "everything",
                because: "This ConfigMap maps AWS identities to users and groups, including \
                          system:masters.",
            },
            Self::X26 => &RowText {
                title: "depend on something that the input does not show",
                needs: "one of: write apiservices or customresourcedefinitions; create \
                        persistentvolumes, and X02 or X03; create secrets in kube-system; X07 with \
                        a get, list or watch of a name that no Secret has; create a custom \
                        resource that runs Pods, or change an existing one, if the cluster serves \
                        it or the input contains one",
                gains: "everything; root on a node; a user in system:bootstrappers and in every \
                        group with that prefix that a binding names; or every ServiceAccount of \
                        the namespace",
                because: "An aggregated API server or a conversion webhook sees the requests of \
                          others. A hostPath volume bypasses Pod Security. A Secret of type \
                          bootstrap.kubernetes.io/token is a credential. A Secret that the input \
                          does not contain might exist. Operators create Pods from custom \
                          resources. Only `--possible` follows these steps; without it, `paths` \
                          counts the subjects that need them.",
            },
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}
