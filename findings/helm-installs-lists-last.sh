#!/usr/bin/env bash
# Helm 4.3.1: a `List` of ServiceAccounts and Roles is installed after the Deployment and the Job that use them.
#
# Helm installs objects in the order of their kinds: ServiceAccounts and Roles long before workloads. `List` is not in
# its table of kinds, so the whole list comes last, although each object in it would come first. `RoleList` is in the
# table. Hook annotations of objects in a list have no effect either: Helm reads those of the list only.
# `helm template` prints the objects in the order in which `helm install` creates them.
#
# Observed:
#   kinds in the order of installation: RoleList Deployment Job List
#   kinds that remain with --no-hooks: RoleList Deployment Job List
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir -p "$work/chart/templates"
cat >"$work/chart/Chart.yaml" <<'YAML'
apiVersion: v2
name: chart
version: 0.1.0
YAML
cat >"$work/chart/templates/rbac.yaml" <<'YAML'
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: web}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: web
    annotations: {helm.sh/hook: pre-install}
  rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleList
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: typed}
  rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
YAML
cat >"$work/chart/templates/workloads.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: web}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec: {serviceAccountName: web, restartPolicy: Never, containers: [{name: web, image: web}]}
YAML

kinds() {
  helm template release "$work/chart" "$@" | sed -n 's/^kind: //p' | paste -sd ' '
}
expect "a List comes after the workloads that need its objects" \
  'installed: RoleList Deployment Job List
without hooks: RoleList Deployment Job List' \
  "installed: $(kinds)
without hooks: $(kinds --no-hooks)"
