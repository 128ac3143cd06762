#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real clients of JavaScript against the server (js/clients.mjs). script/node-env installs them."""
import json
import shutil
import subprocess
import sys

from support import ROOT, TINY, Server, library_vectors, skip

HERE = ROOT / "tests/serve/js"
if shutil.which("node") is None:
    skip("there is no node here")
if not (HERE / "node_modules").is_dir():
    skip("the clients are not installed; run: script/node-env")

server = Server("-m", TINY / "bert", "-m", TINY / "cross_bert", "--allow-truncate-dim")
server.post("/v1/collections", {"name": "docs"})
handbook = (ROOT / "tests/docs/fixture/handbook").glob("*.md")
server.post("/v1/collections/docs/upsert", {"documents": [{"id": file.name, "text": file.read_text()} for file in handbook]})
texts = ["The cat sat on the mat.", "A stone.", "Dogs chase cats."]
file = server.home / "want.json"
file.write_text(json.dumps({"texts": texts, "vectors": library_vectors(TINY / "bert", texts)}))
status = subprocess.run(["node", str(HERE / "clients.mjs"), server.address, str(file)], timeout=300).returncode
assert server.stop() == 0
sys.exit(status)
