//! The fields with pod specs and ServiceAccount names, by kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use rustc_hash::FxBuildHasher;

/// The places of one kind.
///
/// A path looks like `spec.templates[].template.spec`. `*` in a part matches any text, so the part
/// `*` matches every field of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Places {
    /// The API group; empty for core.
    pub(super) group: &'static str,
    /// The kind.
    pub(super) kind: &'static str,
    /// The paths of pod specs.
    pub(super) pods: &'static [&'static str],
    /// The paths of ServiceAccount names.
    pub(super) accounts: &'static [&'static str],
    /// The ServiceAccount when none is named, if known: empty for `default`; `{name}` is the
    /// object's name.
    pub(super) otherwise: Option<&'static str>,
}

impl Places {
    /// Returns whether the kind is built in, so that each field on the way to a pod spec is known.
    pub(super) fn is_of_kubernetes(&self) -> bool {
        matches!(self.group, "" | "apps" | "batch" | "extensions")
    }
}

/// Returns the places of a kind that is known to create Pods.
pub(super) fn find(group: &str, kind: &str) -> Option<&'static Places> {
    static BY_KIND: LazyLock<HashMap<&str, Vec<&'static Places>, FxBuildHasher>> =
        LazyLock::new(|| {
            let mut by_kind: HashMap<&str, Vec<&Places>, FxBuildHasher> = HashMap::default();
            for places in KNOWN {
                by_kind.entry(places.kind).or_default().push(places);
            }
            by_kind
        });
    BY_KIND.get(kind)?.iter().find(|places| places.group == group).copied()
}

const fn pods(group: &'static str, kind: &'static str, pods: &'static [&'static str]) -> Places {
    Places { group, kind, pods, accounts: &[], otherwise: None }
}

const fn accounts(
    group: &'static str,
    kind: &'static str,
    accounts: &'static [&'static str],
    otherwise: Option<&'static str>,
) -> Places {
    Places { group, kind, pods: &[], accounts, otherwise }
}

const TEMPLATE: &[&str] = &["spec.template.spec"];
const ANALYSIS: &[&str] = &["spec.metrics[].provider.job.spec.template.spec"];
const WORKFLOW: &[&str] = &[
    "spec.serviceAccountName",
    "spec.templates[].serviceAccountName",
    "spec.executor.serviceAccountName",
    "spec.templates[].executor.serviceAccountName",
    "spec.artifactGC.serviceAccountName",
];
const CRON_WORKFLOW: &[&str] = &[
    "spec.workflowSpec.serviceAccountName",
    "spec.workflowSpec.templates[].serviceAccountName",
    "spec.workflowSpec.executor.serviceAccountName",
    "spec.workflowSpec.templates[].executor.serviceAccountName",
    "spec.workflowSpec.artifactGC.serviceAccountName",
];
const PIPELINE_RUN: &[&str] = &[
    "spec.taskRunTemplate.serviceAccountName",
    "spec.taskRunSpecs[].serviceAccountName",
    "spec.taskRunSpecs[].taskServiceAccountName",
    "spec.serviceAccountName",
];
const ACCOUNT_NAME: &[&str] = &["spec.serviceAccountName"];
const ACCOUNT: &[&str] = &["spec.serviceAccount"];
const REPLICA_SPECS: &[&str] = &["spec.*ReplicaSpecs.*.template.spec"];
const RAY_CLUSTER: &[&str] =
    &["spec.headGroupSpec.template.spec", "spec.workerGroupSpecs[].template.spec"];

const KNOWN: &[Places] = &[
    pods("", "Pod", &["spec"]),
    pods("", "ReplicationController", TEMPLATE),
    pods("apps", "ReplicaSet", TEMPLATE),
    pods("apps", "Deployment", TEMPLATE),
    pods("apps", "StatefulSet", TEMPLATE),
    pods("apps", "DaemonSet", TEMPLATE),
    pods("extensions", "ReplicaSet", TEMPLATE),
    pods("extensions", "Deployment", TEMPLATE),
    pods("extensions", "DaemonSet", TEMPLATE),
    pods("batch", "Job", TEMPLATE),
    pods("batch", "CronJob", &["spec.jobTemplate.spec.template.spec"]),
    // Argo.
    pods("argoproj.io", "Rollout", TEMPLATE),
    pods("argoproj.io", "Experiment", &["spec.templates[].template.spec"]),
    pods("argoproj.io", "AnalysisTemplate", ANALYSIS),
    pods("argoproj.io", "ClusterAnalysisTemplate", ANALYSIS),
    pods("argoproj.io", "AnalysisRun", ANALYSIS),
    accounts("argoproj.io", "Workflow", WORKFLOW, Some("")),
    accounts("argoproj.io", "WorkflowTemplate", WORKFLOW, Some("")),
    accounts("argoproj.io", "ClusterWorkflowTemplate", WORKFLOW, Some("")),
    accounts("argoproj.io", "CronWorkflow", CRON_WORKFLOW, Some("")),
    // Tekton.
    accounts("tekton.dev", "TaskRun", ACCOUNT_NAME, Some("")),
    accounts("tekton.dev", "CustomRun", ACCOUNT_NAME, Some("")),
    accounts("tekton.dev", "PipelineRun", PIPELINE_RUN, Some("")),
    accounts("triggers.tekton.dev", "EventListener", ACCOUNT_NAME, Some("")),
    // Knative and KServe.
    pods("serving.knative.dev", "Service", TEMPLATE),
    pods("serving.knative.dev", "Configuration", TEMPLATE),
    pods("serving.knative.dev", "Revision", &["spec"]),
    accounts(
        "serving.kserve.io",
        "InferenceService",
        &[
            "spec.predictor.serviceAccountName",
            "spec.transformer.serviceAccountName",
            "spec.explainer.serviceAccountName",
        ],
        Some(""),
    ),
    // OpenShift.
    pods("apps.openshift.io", "DeploymentConfig", TEMPLATE),
    accounts("build.openshift.io", "BuildConfig", ACCOUNT, Some("builder")),
    accounts("build.openshift.io", "Build", ACCOUNT, Some("builder")),
    // Operators whose objects have a ServiceAccount field.
    accounts("monitoring.coreos.com", "Prometheus", ACCOUNT_NAME, Some("")),
    accounts("monitoring.coreos.com", "PrometheusAgent", ACCOUNT_NAME, Some("")),
    accounts("monitoring.coreos.com", "Alertmanager", ACCOUNT_NAME, Some("")),
    accounts("monitoring.coreos.com", "ThanosRuler", ACCOUNT_NAME, Some("")),
    accounts(
        "sparkoperator.k8s.io",
        "SparkApplication",
        &["spec.driver.serviceAccount", "spec.executor.serviceAccount"],
        Some(""),
    ),
    accounts(
        "sparkoperator.k8s.io",
        "ScheduledSparkApplication",
        &["spec.template.driver.serviceAccount", "spec.template.executor.serviceAccount"],
        Some(""),
    ),
    accounts("flink.apache.org", "FlinkDeployment", ACCOUNT, Some("")),
    accounts("opentelemetry.io", "OpenTelemetryCollector", ACCOUNT, Some("{name}-collector")),
    accounts("jaegertracing.io", "Jaeger", ACCOUNT, Some("{name}")),
    // Operators that create a ServiceAccount for each object.
    accounts("kafka.strimzi.io", "Kafka", &[], Some("{name}-kafka")),
    accounts("kafka.strimzi.io", "KafkaConnect", &[], Some("{name}-connect")),
    accounts("kafka.strimzi.io", "KafkaMirrorMaker2", &[], Some("{name}-mirrormaker2")),
    accounts("kafka.strimzi.io", "KafkaBridge", &[], Some("{name}-bridge")),
    pods("core.strimzi.io", "StrimziPodSet", &["spec.pods[].spec"]),
    accounts("postgresql.cnpg.io", "Cluster", &[], Some("{name}")),
    // Batch, training and serving.
    pods("ray.io", "RayCluster", RAY_CLUSTER),
    pods(
        "ray.io",
        "RayJob",
        &[
            "spec.rayClusterSpec.headGroupSpec.template.spec",
            "spec.rayClusterSpec.workerGroupSpecs[].template.spec",
        ],
    ),
    pods("kubeflow.org", "PyTorchJob", REPLICA_SPECS),
    pods("kubeflow.org", "TFJob", REPLICA_SPECS),
    pods("kubeflow.org", "MPIJob", REPLICA_SPECS),
    pods("keda.sh", "ScaledJob", &["spec.jobTargetRef.template.spec"]),
    pods("jobset.x-k8s.io", "JobSet", &["spec.replicatedJobs[].template.spec.template.spec"]),
    pods("batch.volcano.sh", "Job", &["spec.tasks[].template.spec"]),
    pods(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        &[
            "spec.leaderWorkerTemplate.leaderTemplate.spec",
            "spec.leaderWorkerTemplate.workerTemplate.spec",
        ],
    ),
    pods("apps.kruise.io", "CloneSet", TEMPLATE),
    pods("apps.kruise.io", "StatefulSet", TEMPLATE),
    pods("apps.kruise.io", "DaemonSet", TEMPLATE),
    pods("actions.github.com", "AutoscalingRunnerSet", TEMPLATE),
    accounts(
        "actions.summerwind.dev",
        "RunnerDeployment",
        &["spec.template.spec.serviceAccountName"],
        Some(""),
    ),
    pods("elasticsearch.k8s.elastic.co", "Elasticsearch", &["spec.nodeSets[].podTemplate.spec"]),
    pods("kibana.k8s.elastic.co", "Kibana", &["spec.podTemplate.spec"]),
];
