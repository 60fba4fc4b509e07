"""Answers like an API server: `api.py ANSWERS` serves on loopback, and prints its port.

ANSWERS is a JSON file: `METHOD PATH` -> [code, body]. Other paths are not found.
"""

import http.server
import json
import sys

with open(sys.argv[1]) as file:
    ANSWERS = json.load(file)


class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        missing = [404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}]
        code, body = ANSWERS.get(f"{self.command} {path}", missing)
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_DELETE = do_GET = do_PATCH = do_POST = answer


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
print(server.server_address[1], flush=True)
server.serve_forever()
