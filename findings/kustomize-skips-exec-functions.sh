#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): with `--enable-alpha-plugins`, a program in `transformers` is skipped silently.
#
# Only `--enable-exec` runs it, which `kubectl kustomize` does not have. The exit code is 0 and nothing is printed,
# so the objects of the build lack everything that the function does, even if the program does not exist.
#
# Observed:
#   exit 0, name: web, ran: no
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/rename.sh" <<YAML
#!/bin/sh
touch "$work/ran"
cat
YAML
chmod +x "$work/build/rename.sh"
cat >"$work/build/kustomization.yaml" <<'YAML'
resources: [objects.yaml]
transformers: [rename.yaml]
YAML
cat >"$work/build/rename.yaml" <<'YAML'
apiVersion: example.com/v1
kind: Rename
metadata:
  name: rename
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./rename.sh}
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
YAML

status=0
built=$(kubectl kustomize --enable-alpha-plugins "$work/build") || status=$?
name=$(sed -n 's/^  name: //p' <<<"$built")
expect "the function is not run, and nothing is reported" \
  "exit 0, name: web, ran: no" \
  "exit $status, name: $name, ran: $([ -e "$work/ran" ] && echo yes || echo no)"
