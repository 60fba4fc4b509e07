#!/usr/bin/env bash
# client-go 0.37.2: DoRaw reports a refused request for logs as `unknown (get pods web-0)`.
#
# Requires Go, and access to a Go module proxy. Stream and Do return the message of the API server, with the user, the
# verb and the resource. DoRaw, the shortest way to read logs or to reach a Service through its proxy, does not decode
# the body: the user and the namespace are missing, and the subresource too. The obvious fix, the right to get Pods,
# does not help.
#
# Observed, for the logs of a Pod and a caller without any rights:
#   Stream: pods "web-0" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "shop"
#   DoRaw: unknown (get pods web-0)
. "$(dirname "$0")/support/tools.sh"

cache="$(HOME=~ go env GOMODCACHE)"
mkdir "$work/program"
cat >"$work/program/go.mod" <<'GO'
module example.com/logs

go 1.26.0

require (
	k8s.io/api v0.37.2
	k8s.io/client-go v0.37.2
)
GO
cat >"$work/program/main.go" <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func main() {
	client := kubernetes.NewForConfigOrDie(&rest.Config{Host: os.Args[1]})
	logs := client.CoreV1().Pods("shop").GetLogs("web-0", &v1.PodLogOptions{})
	_, err := logs.Stream(context.Background())
	fmt.Println("Stream:", err)
	_, err = client.CoreV1().Pods("shop").GetLogs("web-0", &v1.PodLogOptions{}).DoRaw(context.Background())
	fmt.Println("DoRaw:", err)
}
GO
(cd "$work/program" && export GOFLAGS=-modcacherw GOMODCACHE="$cache" && go mod tidy && go build -o "$work/logs" .) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
python3 - >"$work/answers.json" <<'PYTHON'
import json

message = 'pods "web-0" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "shop"'
status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}
print(json.dumps({"GET /api/v1/namespaces/shop/pods/web-0/log": [403, status]}))
PYTHON
serve_api "$work/answers.json"

expect "raw requests lose the user, the namespace and the subresource" \
  'Stream: pods "web-0" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "shop"
DoRaw: unknown (get pods web-0)' \
  "$("$work/logs" "$api")"
