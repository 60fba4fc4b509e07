#!/usr/bin/env bash
# lightkube 1.0.1: a refused watch raises httpx2.HTTPStatusError; every other refused request raises ApiError.
#
# The documented way to handle refusals, `except ApiError as error: if error.status.code == 403`, does not catch it:
# ApiError is a subclass of HTTPStatusError, not the other way round. The message of the server with the user, the
# verb and the resource is lost too: the exception has only the URL.
#
# Observed, with a caller without any rights:
#   list: ApiError, caught, names the user: True
#   watch: HTTPStatusError, not caught, names the user: False
. "$(dirname "$0")/support/tools.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check lightkube==1.0.1 lightkube-models==1.37.0.8 httpx2
python3 - >"$work/answers.json" <<'PYTHON'
import json

message = 'pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "shop"'
status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}
print(json.dumps({"GET /api/v1/namespaces/shop/pods": [403, status]}))
PYTHON
serve_api "$work/answers.json"

answered="$("$work/venv/bin/python" - "$api" <<'PYTHON' 2>/dev/null
import sys
from lightkube import ApiError, Client, KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.resources.core_v1 import Pod

config = KubeConfig.from_one(cluster=Cluster(server=sys.argv[1]), user=User(token="ann"))
client = Client(config=config, namespace="shop")
for name, request in (("list", lambda: list(client.list(Pod))), ("watch", lambda: next(iter(client.watch(Pod))))):
    try:
        request()
    except Exception as error:
        caught = "caught" if isinstance(error, ApiError) else "not caught"
        print(f"{name}: {type(error).__name__}, {caught}, names the user: {'ann' in str(error)}")
PYTHON
)"
expect "except ApiError does not catch refused watches" \
  'list: ApiError, caught, names the user: True
watch: HTTPStatusError, not caught, names the user: False' \
  "$answered"
