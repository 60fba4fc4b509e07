//! The resources and verbs of needs.

use rolecall_rbac::Catalog;

/// A resource that rows ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Resource {
    Token,
    Pods,
    Deployments,
    StatefulSets,
    DaemonSets,
    ReplicaSets,
    ReplicationControllers,
    CronJobs,
    Jobs,
    Exec,
    Attach,
    EphemeralContainers,
    Secrets,
    Accounts,
    RoleBindings,
    Roles,
    ClusterRoles,
    Namespaces,
    ConfigMaps,
    Users,
    Groups,
    ClusterRoleBindings,
    CertificateRequests,
    Approvals,
    Signers,
    NodeProxy,
    Webhooks,
    Policies,
    PolicyBindings,
    ApiServices,
    CustomDefinitions,
    PersistentVolumes,
    LimitedAccounts,
    LimitedUsers,
    LimitedGroups,
    LimitedNodes,
    Rollouts,
    Experiments,
    AnalysisRuns,
    Workflows,
    CronWorkflows,
    TaskRuns,
    PipelineRuns,
    EventListeners,
    KnativeServices,
    KnativeConfigurations,
    DeploymentConfigs,
    Builds,
    BuildConfigs,
    Prometheuses,
    PrometheusAgents,
    Alertmanagers,
    ThanosRulers,
    SparkApplications,
    ScheduledSparkApplications,
    FlinkDeployments,
    OpenTelemetryCollectors,
    Jaegers,
    RayClusters,
    RayJobs,
    RayServices,
    PyTorchJobs,
    TfJobs,
    MpiJobs,
    InferenceServices,
    ScaledJobs,
    JobSets,
    VolcanoJobs,
    LeaderWorkerSets,
    CloneSets,
    KruiseStatefulSets,
    KruiseDaemonSets,
    RunnerSets,
    RunnerDeployments,
    Elasticsearches,
    Kibanas,
}

use Resource as R;

/// The verbs that rows ask about; on the resources of constrained impersonation, `Impersonate` is
/// the verb of the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    Create,
    Update,
    Patch,
    Get,
    List,
    Watch,
    Impersonate,
    Bind,
    Escalate,
    Approve,
}

use Verb as V;

impl Verb {
    /// All verbs in order.
    pub(super) const ALL: [Self; 10] = [
        V::Create,
        V::Update,
        V::Patch,
        V::Get,
        V::List,
        V::Watch,
        V::Impersonate,
        V::Bind,
        V::Escalate,
        V::Approve,
    ];
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// The verbs that create and change objects.
const WRITE: [Verb; 3] = [V::Create, V::Update, V::Patch];

/// The API group, plural, subresource and verbs of each resource, in the order of [`Resource`].
pub(super) const TABLE: [(Resource, &str, &str, &str, &[Verb]); 76] = [
    (R::Token, "", "serviceaccounts", "token", &[V::Create]),
    (R::Pods, "", "pods", "", &[V::Create, V::Update, V::Patch]),
    (R::Deployments, "apps", "deployments", "", &[V::Create, V::Update, V::Patch]),
    (R::StatefulSets, "apps", "statefulsets", "", &[V::Create, V::Update, V::Patch]),
    (R::DaemonSets, "apps", "daemonsets", "", &[V::Create, V::Update, V::Patch]),
    (R::ReplicaSets, "apps", "replicasets", "", &[V::Create, V::Update, V::Patch]),
    (
        R::ReplicationControllers,
        "",
        "replicationcontrollers",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::CronJobs, "batch", "cronjobs", "", &[V::Create, V::Update, V::Patch]),
    (R::Jobs, "batch", "jobs", "", &[V::Create, V::Patch]),
    (R::Exec, "", "pods", "exec", &[V::Create, V::Get]),
    (R::Attach, "", "pods", "attach", &[V::Create, V::Get]),
    (R::EphemeralContainers, "", "pods", "ephemeralcontainers", &[V::Update, V::Patch]),
    (R::Secrets, "", "secrets", "", &[V::Create, V::Patch, V::Get, V::List, V::Watch]),
    (R::Accounts, "", "serviceaccounts", "", &[V::Impersonate]),
    (R::RoleBindings, RBAC, "rolebindings", "", &[V::Create, V::Update, V::Patch]),
    (R::Roles, RBAC, "roles", "", &[V::Create, V::Update, V::Patch, V::Bind, V::Escalate]),
    (
        R::ClusterRoles,
        RBAC,
        "clusterroles",
        "",
        &[V::Create, V::Update, V::Patch, V::Bind, V::Escalate],
    ),
    (R::Namespaces, "", "namespaces", "", &[V::Update, V::Patch]),
    (R::ConfigMaps, "", "configmaps", "", &[V::Update, V::Patch]),
    (R::Users, "", "users", "", &[V::Impersonate]),
    (R::Groups, "", "groups", "", &[V::Impersonate]),
    (R::ClusterRoleBindings, RBAC, "clusterrolebindings", "", &[V::Create, V::Update, V::Patch]),
    (
        R::CertificateRequests,
        CERTIFICATES,
        "certificatesigningrequests",
        "",
        &[V::Create, V::Patch],
    ),
    (R::Approvals, CERTIFICATES, "certificatesigningrequests", "approval", &[V::Update, V::Patch]),
    (R::Signers, CERTIFICATES, "signers", "", &[V::Approve]),
    (R::NodeProxy, "", "nodes", "proxy", &[V::Get, V::Create]),
    (
        R::Webhooks,
        ADMISSION,
        "mutatingwebhookconfigurations",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::Policies, ADMISSION, "mutatingadmissionpolicies", "", &[V::Create, V::Update, V::Patch]),
    (
        R::PolicyBindings,
        ADMISSION,
        "mutatingadmissionpolicybindings",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (
        R::ApiServices,
        "apiregistration.k8s.io",
        "apiservices",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (
        R::CustomDefinitions,
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::PersistentVolumes, "", "persistentvolumes", "", &[V::Create, V::Patch]),
    (R::LimitedAccounts, AUTHENTICATION, "serviceaccounts", "", &[V::Impersonate]),
    (R::LimitedUsers, AUTHENTICATION, "users", "", &[V::Impersonate]),
    (R::LimitedGroups, AUTHENTICATION, "groups", "", &[V::Impersonate]),
    (R::LimitedNodes, AUTHENTICATION, "nodes", "", &[V::Impersonate]),
    (R::Rollouts, "argoproj.io", "rollouts", "", &WRITE),
    (R::Experiments, "argoproj.io", "experiments", "", &WRITE),
    (R::AnalysisRuns, "argoproj.io", "analysisruns", "", &WRITE),
    (R::Workflows, "argoproj.io", "workflows", "", &WRITE),
    (R::CronWorkflows, "argoproj.io", "cronworkflows", "", &WRITE),
    (R::TaskRuns, "tekton.dev", "taskruns", "", &WRITE),
    (R::PipelineRuns, "tekton.dev", "pipelineruns", "", &WRITE),
    (R::EventListeners, "triggers.tekton.dev", "eventlisteners", "", &WRITE),
    (R::KnativeServices, "serving.knative.dev", "services", "", &WRITE),
    (R::KnativeConfigurations, "serving.knative.dev", "configurations", "", &WRITE),
    (R::DeploymentConfigs, "apps.openshift.io", "deploymentconfigs", "", &WRITE),
    (R::Builds, "build.openshift.io", "builds", "", &WRITE),
    (R::BuildConfigs, "build.openshift.io", "buildconfigs", "", &WRITE),
    (R::Prometheuses, "monitoring.coreos.com", "prometheuses", "", &WRITE),
    (R::PrometheusAgents, "monitoring.coreos.com", "prometheusagents", "", &WRITE),
    (R::Alertmanagers, "monitoring.coreos.com", "alertmanagers", "", &WRITE),
    (R::ThanosRulers, "monitoring.coreos.com", "thanosrulers", "", &WRITE),
    (R::SparkApplications, "sparkoperator.k8s.io", "sparkapplications", "", &WRITE),
    (
        R::ScheduledSparkApplications,
        "sparkoperator.k8s.io",
        "scheduledsparkapplications",
        "",
        &WRITE,
    ),
    (R::FlinkDeployments, "flink.apache.org", "flinkdeployments", "", &WRITE),
    (R::OpenTelemetryCollectors, "opentelemetry.io", "opentelemetrycollectors", "", &WRITE),
    (R::Jaegers, "jaegertracing.io", "jaegers", "", &WRITE),
    (R::RayClusters, "ray.io", "rayclusters", "", &WRITE),
    (R::RayJobs, "ray.io", "rayjobs", "", &WRITE),
    (R::RayServices, "ray.io", "rayservices", "", &WRITE),
    (R::PyTorchJobs, "kubeflow.org", "pytorchjobs", "", &WRITE),
    (R::TfJobs, "kubeflow.org", "tfjobs", "", &WRITE),
    (R::MpiJobs, "kubeflow.org", "mpijobs", "", &WRITE),
    (R::InferenceServices, "serving.kserve.io", "inferenceservices", "", &WRITE),
    (R::ScaledJobs, "keda.sh", "scaledjobs", "", &WRITE),
    (R::JobSets, "jobset.x-k8s.io", "jobsets", "", &WRITE),
    (R::VolcanoJobs, "batch.volcano.sh", "jobs", "", &WRITE),
    (R::LeaderWorkerSets, "leaderworkerset.x-k8s.io", "leaderworkersets", "", &WRITE),
    (R::CloneSets, "apps.kruise.io", "clonesets", "", &WRITE),
    (R::KruiseStatefulSets, "apps.kruise.io", "statefulsets", "", &WRITE),
    (R::KruiseDaemonSets, "apps.kruise.io", "daemonsets", "", &WRITE),
    (R::RunnerSets, "actions.github.com", "autoscalingrunnersets", "", &WRITE),
    (R::RunnerDeployments, "actions.summerwind.dev", "runnerdeployments", "", &WRITE),
    (R::Elasticsearches, "elasticsearch.k8s.elastic.co", "elasticsearches", "", &WRITE),
    (R::Kibanas, "kibana.k8s.elastic.co", "kibanas", "", &WRITE),
];

/// The kinds of objects that create Pods, and whether their Pod template can be changed.
pub(crate) const WORKLOADS: [(Resource, &str, &str); 7] = [
    (R::Deployments, "apps", "Deployment"),
    (R::StatefulSets, "apps", "StatefulSet"),
    (R::DaemonSets, "apps", "DaemonSet"),
    (R::ReplicaSets, "apps", "ReplicaSet"),
    (R::ReplicationControllers, "", "ReplicationController"),
    (R::CronJobs, "batch", "CronJob"),
    (R::Jobs, "batch", "Job"),
];

/// The custom resources from which operators create Pods that can run as any ServiceAccount of their
/// namespace, with their kinds.
pub(crate) const CUSTOM: [(Resource, &str, &str); 40] = [
    (R::Rollouts, "argoproj.io", "Rollout"),
    (R::Experiments, "argoproj.io", "Experiment"),
    (R::AnalysisRuns, "argoproj.io", "AnalysisRun"),
    (R::Workflows, "argoproj.io", "Workflow"),
    (R::CronWorkflows, "argoproj.io", "CronWorkflow"),
    (R::TaskRuns, "tekton.dev", "TaskRun"),
    (R::PipelineRuns, "tekton.dev", "PipelineRun"),
    (R::EventListeners, "triggers.tekton.dev", "EventListener"),
    (R::KnativeServices, "serving.knative.dev", "Service"),
    (R::KnativeConfigurations, "serving.knative.dev", "Configuration"),
    (R::DeploymentConfigs, "apps.openshift.io", "DeploymentConfig"),
    (R::Builds, "build.openshift.io", "Build"),
    (R::BuildConfigs, "build.openshift.io", "BuildConfig"),
    (R::Prometheuses, "monitoring.coreos.com", "Prometheus"),
    (R::PrometheusAgents, "monitoring.coreos.com", "PrometheusAgent"),
    (R::Alertmanagers, "monitoring.coreos.com", "Alertmanager"),
    (R::ThanosRulers, "monitoring.coreos.com", "ThanosRuler"),
    (R::SparkApplications, "sparkoperator.k8s.io", "SparkApplication"),
    (R::ScheduledSparkApplications, "sparkoperator.k8s.io", "ScheduledSparkApplication"),
    (R::FlinkDeployments, "flink.apache.org", "FlinkDeployment"),
    (R::OpenTelemetryCollectors, "opentelemetry.io", "OpenTelemetryCollector"),
    (R::Jaegers, "jaegertracing.io", "Jaeger"),
    (R::RayClusters, "ray.io", "RayCluster"),
    (R::RayJobs, "ray.io", "RayJob"),
    (R::RayServices, "ray.io", "RayService"),
    (R::PyTorchJobs, "kubeflow.org", "PyTorchJob"),
    (R::TfJobs, "kubeflow.org", "TFJob"),
    (R::MpiJobs, "kubeflow.org", "MPIJob"),
    (R::InferenceServices, "serving.kserve.io", "InferenceService"),
    (R::ScaledJobs, "keda.sh", "ScaledJob"),
    (R::JobSets, "jobset.x-k8s.io", "JobSet"),
    (R::VolcanoJobs, "batch.volcano.sh", "Job"),
    (R::LeaderWorkerSets, "leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
    (R::CloneSets, "apps.kruise.io", "CloneSet"),
    (R::KruiseStatefulSets, "apps.kruise.io", "StatefulSet"),
    (R::KruiseDaemonSets, "apps.kruise.io", "DaemonSet"),
    (R::RunnerSets, "actions.github.com", "AutoscalingRunnerSet"),
    (R::RunnerDeployments, "actions.summerwind.dev", "RunnerDeployment"),
    (R::Elasticsearches, "elasticsearch.k8s.elastic.co", "Elasticsearch"),
    (R::Kibanas, "kibana.k8s.elastic.co", "Kibana"),
];

impl Resource {
    /// Returns all resources.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// Returns whether only steps that depend on something outside the input use it.
    pub(crate) fn is_outside(self) -> bool {
        matches!(self, R::ApiServices | R::CustomDefinitions | R::PersistentVolumes)
            || self.is_custom()
    }

    /// Returns the bit of the resource in a set of resources.
    pub(crate) const fn bit(self) -> u128 {
        1 << self as u32
    }

    /// Returns whether it is a custom resource.
    pub(crate) fn is_custom(self) -> bool {
        CUSTOM.iter().any(|row| row.0 == self)
    }

    /// Returns the custom resources from which Pods are created and which a server serves.
    pub(crate) fn served(catalog: &Catalog) -> impl Iterator<Item = Self> {
        let custom = CUSTOM.iter().map(|row| row.0);
        custom.filter(|resource| {
            let (_, group, plural, ..) = resource.row();
            catalog.get(group, plural).is_some()
        })
    }

    pub(super) fn row(self) -> (Self, &'static str, &'static str, &'static str, &'static [Verb]) {
        let found = TABLE.get(self as usize).copied();
        found.unwrap_or((self, "", "", "", &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_resources() {
        for (position, (resource, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*resource as usize, position);
            assert_eq!(resource.bit().trailing_zeros() as usize, position);
        }
        assert!(Verb::ALL.iter().enumerate().all(|(position, verb)| *verb as usize == position));
    }
}
