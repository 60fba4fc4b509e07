#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `resourceNames` of a rule about leases follow a ConfigMap with the same name.
#
# Names in rules are references to ConfigMaps and Secrets, whatever the `resources` of the rule are. The lease is
# still named `lock`, so the leader election of the build is denied. The name of a Deployment is not followed at all.
#
# Observed:
#   - lock      becomes x-lock (leases)
#   - web       stays web, although the Deployment becomes x-web (deployments)
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namePrefix: x-
resources: [objects.yaml]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: lock}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: leader}
rules:
- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [lock], verbs: [update]}
- {apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [patch]}
YAML

expect "the name of the lease follows the ConfigMap, that of the Deployment does not change" \
  "x-lock
web" \
  "$(kubectl kustomize "$work/build" | sed -n '/resourceNames/{n;s/ *- //p}')"
