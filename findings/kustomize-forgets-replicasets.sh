#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): a ServiceAccount is renamed in a Deployment but not in a ReplicaSet.
#
# `namePrefix` renames the ServiceAccount `web`. `serviceAccountName: web` is rewritten in the pod template of a
# Deployment - even of a custom resource `Deployment` in another API group - but not in the pod template of an
# apps/v1 ReplicaSet, whose Pods are then rejected because their ServiceAccount does not exist.
#
# Observed:
#   Deployment apps/v1: x-web
#   Deployment example.com/v1: x-web
#   ReplicaSet apps/v1: web
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namePrefix: x-
resources: [objects.yaml]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
YAML
for kind in "apps/v1 Deployment" "example.com/v1 Deployment" "apps/v1 ReplicaSet"; do
  cat >>"$work/build/objects.yaml" <<YAML
---
apiVersion: ${kind% *}
kind: ${kind#* }
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: example.com/web}]}
YAML
done

expect "ReplicaSets keep the old name" \
  "Deployment apps/v1: x-web
Deployment example.com/v1: x-web
ReplicaSet apps/v1: web" \
  "$(kubectl kustomize "$work/build" |
    awk '/^apiVersion: /{version=$2} /^kind: /{kind=$2} /serviceAccountName: /{print kind " " version ": " $2}' | sort)"
