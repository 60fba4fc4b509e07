#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `namespace:` is added to cluster-scoped built-in kinds.
#
# The scope of a kind comes from a schema built into Kustomize, which is older than the kubectl that contains it.
# ClusterRole and ValidatingWebhookConfiguration are known to be cluster-scoped. ValidatingAdmissionPolicyBinding
# (stable since Kubernetes 1.30) and ClusterTrustBundle are unknown, treated as namespaced, and get a
# namespace. Tools that look at `metadata.namespace` in the rendered text treat them as namespaced objects.
#
# Observed:
#   ClusterRole: -
#   ClusterTrustBundle: shop
#   ValidatingAdmissionPolicyBinding: shop
#   ValidatingWebhookConfiguration: -
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namespace: shop
resources: [objects.yaml]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
---
apiVersion: certificates.k8s.io/v1beta1
kind: ClusterTrustBundle
metadata: {name: a}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: a}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: a}
YAML

expect "newer cluster-scoped kinds get a namespace" \
  "ClusterRole: -
ClusterTrustBundle: shop
ValidatingAdmissionPolicyBinding: shop
ValidatingWebhookConfiguration: -" \
  "$({ kubectl kustomize "$work/build"; echo ---; } |
    awk '/^kind: /{kind=$2; namespace="-"} /^  namespace: /{namespace=$2} /^---/{print kind ": " namespace}' | sort)"
