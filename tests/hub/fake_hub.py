# SPDX-License-Identifier: Apache-2.0
"""A hub on this machine: the repositories are folders, the large files lie on a second server, as on the real one."""
import hashlib
import http.server
import json
import pathlib
import threading
import time
import urllib.parse

COMMIT = hashlib.sha1(b"the only commit").hexdigest()


def git_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler, hub):
        self.hub = hub
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass  # a client that was killed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_file(self, data, **headers):
        """With ranges; cut short or slow when the hub is told to be."""
        hub, start = self.server.hub, 0
        wanted = self.headers.get("Range")
        if wanted and hub.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cut = hub.cuts.pop(0) if hub.cuts else len(data)
        for at in range(start, min(cut, len(data)), 4096):
            if hub.silent_after is not None and at >= hub.silent_after:
                time.sleep(20)
            self.wfile.write(data[at:min(at + 4096, cut)])
            self.wfile.flush()
            time.sleep(hub.pause)
        if cut < len(data):
            self.close_connection = True


class Front(Handler):
    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        hub = self.server.hub
        hub.seen.append(("hub", self.command, self.path, dict(self.headers)))
        parts = [urllib.parse.unquote(p) for p in urllib.parse.urlsplit(self.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "models"] and hub.moved and not self.path.endswith("&again"):
            return self.reply(307, Location=self.path + "&again")
        if parts[:2] == ["api", "models"]:
            return self.listing("/".join(parts[2:4]), parts[5], tree=parts[4] == "tree")
        if parts[0] == "moved":
            return self.file("/".join(parts[1:3]), parts[3], "/".join(parts[4:]))
        repository, revision, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
        if hub.moved:  # small files are answered after a relative redirect
            return self.reply(307, Location=f"/moved/{repository}/{urllib.parse.quote(revision, safe='')}/{name}")
        return self.file(repository, revision, name)

    def allowed(self, repository, revision):
        hub = self.server.hub
        if hub.status:
            self.reply(hub.status)
        elif repository not in hub.repositories or (hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}"):
            self.reply(401, b'{"error":"Invalid username or password."}', X_Error_Code="RepoNotFound")
        elif revision not in ("main", "v1", "refs/pr/1", COMMIT):
            self.reply(404, X_Error_Code="RevisionNotFound")
        else:
            return True
        return False

    def listing(self, repository, revision, tree):
        if not self.allowed(repository, revision):
            return
        siblings, entries = [], []
        for name, data in self.server.hub.files(repository).items():
            siblings.append({"rfilename": name, "size": len(data), "blobId": git_id(data)})
            entries.append({"type": "file", "path": name, "size": len(data), "oid": git_id(data)})
            if name.endswith((".safetensors", ".bin")):
                digest = hashlib.sha256(data).hexdigest()
                siblings[-1]["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 134}
                entries[-1]["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 134}
        answer = entries if tree else {"id": repository, "sha": COMMIT, "siblings": siblings}
        self.reply(200, json.dumps(answer).encode(), Content_Type="application/json")

    def file(self, repository, revision, name):
        hub = self.server.hub
        if not self.allowed(repository, revision):
            return
        data = hub.files(repository).get(name)
        if data is None:
            return self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
        if name.endswith((".safetensors", ".bin")):
            digest = hashlib.sha256(data).hexdigest()
            return self.reply(302, X_Repo_Commit=COMMIT, ETag='"pointer"', X_Linked_Etag=f'"{digest}"', X_Linked_Size=len(data),
                              Location=f"{hub.store.url}/{repository}/{name}?signature=abc")
        if self.command == "HEAD":
            return self.reply(200, data, X_Repo_Commit=COMMIT, ETag=f'W/"{git_id(data)}"')
        return self.send_file(data, X_Repo_Commit=COMMIT, ETag=f'"{git_id(data)}"')


class Store(Handler):
    def do_GET(self):
        hub = self.server.hub
        hub.seen.append(("store", self.command, self.path, dict(self.headers)))
        parts = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
        data = hub.files("/".join(parts[:2]))["/".join(parts[2:])]
        self.send_file(data[:-1] + bytes([data[-1] ^ 1]) if hub.damage else data)


class FakeHub:
    def __init__(self, repositories):
        self.repositories = {name: pathlib.Path(folder) for name, folder in repositories.items()}
        self.extra = {}  # repository -> files beside those of its folder
        self.store = Server(Store, self)
        self.front = Server(Front, self)
        self.reset()

    def reset(self):
        self.seen, self.cuts = [], []
        self.pause, self.status, self.token, self.silent_after = 0, 0, "", None
        self.damage, self.moved, self.ranges = False, False, True

    def files(self, repository):
        folder = self.repositories[repository]
        out = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        return out | self.extra.get(repository, {})

    def count(self, method, server=None):
        return sum(1 for where, how, _, _ in self.seen if how == method and server in (None, where))
