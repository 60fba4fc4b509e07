#!/usr/bin/env bash
# Kustomize 5.8.1: `namespace` of a kustomization reaches the subjects of an inflated chart, but not its objects.
#
# Since 5.8.0 the namespace is passed to Helm as the one of the release. The template below writes it only into the
# subject, as most charts do. The binding itself goes to the namespace of the client that applies it.
#
# Observed:
#   RoleBinding web, namespace: none, subject in: shop
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir -p "$work/build/charts/web/templates"
cat >"$work/build/kustomization.yaml" <<'YAML'
namespace: shop
helmCharts: [{name: web, releaseName: web}]
YAML
printf 'apiVersion: v2\nname: web\nversion: 1.0.0\n' >"$work/build/charts/web/Chart.yaml"
echo '{}' >"$work/build/charts/web/values.yaml"
cat >"$work/build/charts/web/templates/rbac.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}
YAML

built=$(kubectl kustomize --enable-helm "$work/build")
namespaces=$(grep -c '^  namespace:' <<<"$built" || true)
subject=$(sed -n '/^subjects:/,$ s/^  namespace: //p' <<<"$built")
in_metadata=$(sed -n '/^metadata:/,/^[a-z]*:/ s/^  namespace: //p' <<<"$built")
expect "only the subject has the namespace" \
  "1, metadata: none, subject: shop" \
  "$namespaces, metadata: ${in_metadata:-none}, subject: $subject"
