#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schemathesis makes thousands of requests from /openapi.json, right and wrong ones, and looks for replies that are not what the
table says, and for faults of the server. Skipped where it is not installed (script/python-env --clients)."""
import subprocess
import sys

from support import ROOT, TINY, Server, skip

tool = ROOT / ".venv-clients/bin/schemathesis"
if not tool.exists():
    skip("schemathesis is not installed; run: script/python-env --clients")
server = Server("-m", TINY / "bert", "-m", TINY / "cross_bert")
done = subprocess.run([str(tool), "run", server.address + "/openapi.json", "--max-examples", "15", "--workers", "2",
                       "--checks", "not_a_server_error,content_type_conformance,status_code_conformance,response_schema_conformance"],
                      capture_output=True, text=True, timeout=500)
print("\n".join(done.stdout.splitlines()[-25:]))
assert server.stop() == 0 and not server.error_text(), server.error_text()
sys.exit(done.returncode)
