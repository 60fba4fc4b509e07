#!/usr/bin/env bash
# checkov 3.2.497: a RoleBinding that names a Role of another namespace is reported as five privilege escalations.
#
# A RoleBinding can only refer to a Role in the same namespace, so this one grants nothing. checkov joins bindings and
# roles by name alone. A report about a cluster with Roles of the same name in many namespaces, as every chart that is
# installed several times creates, mixes their rules.
#
# Observed:
#   RoleBinding.staging.deployer: CKV2_K8S_1 CKV2_K8S_2 CKV2_K8S_3 CKV2_K8S_4 CKV2_K8S_5
. "$(dirname "$0")/support/tools.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check checkov==3.2.497
mkdir "$work/manifests"
cat >"$work/manifests/rbac.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: production}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: staging}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects: [{kind: ServiceAccount, name: ci, namespace: staging}]
YAML

"$work/venv/bin/checkov" --directory "$work/manifests" --framework kubernetes --compact --quiet \
  --output json >"$work/report.json" 2>/dev/null || true
reported="$(python3 - "$work/report.json" <<'PYTHON'
import json, sys

with open(sys.argv[1]) as report:
    failed = json.load(report)["results"]["failed_checks"]
codes = sorted(check["check_id"] for check in failed if check["resource"] == "RoleBinding.staging.deployer")
print("RoleBinding.staging.deployer:", *codes)
PYTHON
)"
expect "a binding without effect is reported as privilege escalation" \
  'RoleBinding.staging.deployer: CKV2_K8S_1 CKV2_K8S_2 CKV2_K8S_3 CKV2_K8S_4 CKV2_K8S_5' \
  "$reported"
