#!/usr/bin/env bash
# kr8s 0.20.15: exists() answers False, and scale() says "does not exist", for an object that the caller may not get.
#
# The API server answers the request of exists() with 403, which kr8s treats like 404. Code that creates what is
# missing creates a duplicate, or fails later. scale(), annotate() and others call exists() first, so they report
# a missing object instead of a missing right. delete() does report the refusal.
#
# Observed, with a Deployment that exists and a caller without any rights:
#   exists(): False
#   scale(): NotFoundError: Object web does not exist in shop
#   delete(): ServerError: deployments.apps "web" is forbidden: User "ann" cannot delete ...
. "$(dirname "$0")/support/tools.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kr8s==0.20.15
python3 - >"$work/answers.json" <<'PYTHON'
import json

def refusal(verb):
    message = f'deployments.apps "web" is forbidden: User "ann" cannot {verb} resource "deployments" in API group "apps" in the namespace "shop"'
    return [403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}]

path = "/apis/apps/v1/namespaces/shop/deployments/web"
answers = {f"{method} {path}": refusal(method.lower()) for method in ("GET", "DELETE")}
answers["GET /version/"] = [200, {"major": "1", "minor": "37", "gitVersion": "v1.37.2"}]
print(json.dumps(answers))
PYTHON
serve_api "$work/answers.json"

answered="$("$work/venv/bin/python" - "$api" <<'PYTHON' 2>/dev/null
import sys
import kr8s
from kr8s.objects import Deployment

api = kr8s.api(url=sys.argv[1])
web = Deployment({"metadata": {"name": "web", "namespace": "shop"}, "spec": {}}, api=api)
print("exists():", web.exists())
for name, action in (("scale", lambda: web.scale(2)), ("delete", web.delete)):
    try:
        action()
    except Exception as error:
        print(f"{name}(): {type(error).__name__}: {error}")
PYTHON
)"
expect "a refused object does not exist" \
  'exists(): False
scale(): NotFoundError: Object web does not exist in shop
delete(): ServerError: deployments.apps "web" is forbidden: User "ann" cannot delete resource "deployments" in API group "apps" in the namespace "shop"' \
  "$answered"
