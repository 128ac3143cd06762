#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every block of docs/guide/server.md is run: the commands that start a server, the lines of each client, the requests of curl.
Clients that are not installed are named and left out."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from support import PROGRAM, ROOT, TINY, Server, skip

SHOWN = "http://127.0.0.1:8080"
page = (ROOT / "docs/guide/server.md").read_text(encoding="utf-8")
blocks = re.findall(r"```(\w+)\n(.*?)```", page, re.S)
starts = [line for kind, text in blocks if kind == "sh" for line in text.splitlines() if line.startswith("isogloss serve")]
assert len(starts) >= 3

home = pathlib.Path(Server("-m", TINY / "bert").home)  # its folder lives as long as this process
subprocess.run([PROGRAM, "models", "add", "minilm", str(TINY / "bert")], env={**os.environ, "ISOGLOSS_HOME": str(home)}, check=True,
               capture_output=True)
for line in starts:
    shown = Server(*[word for word in line.split()[2:]], home=home)
    assert shown.stop() == 0, line

server = Server(*starts[1].split()[2:], home=home)
clients = ROOT / ".venv-clients/bin/python"
environment = {**os.environ, "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HAYSTACK_TELEMETRY_ENABLED": "False",
               "ANONYMIZED_TELEMETRY": "False"}
run = missing = 0


def checked(line):
    """The request answers with JSON that is no error, or writes an array to its file."""
    if " -o " in line:
        file = line.split(" -o ")[1]
        return f"{line} && [[ $(head -c 6 {file} | tail -c 5) == NUMPY ]] || {{ echo no array; exit 1; }}"
    return "r=$(" + line + '); [[ $r == [\\[{]* && $r != *\'"error"\'* ]] || { echo "$r"; exit 1; }'


for kind, text in blocks:
    text = text.replace(SHOWN, server.address)
    if kind == "python":
        command = [str(clients) if clients.exists() else "python3", "-c", text + "\nassert len(row)\n"]
    elif kind == "js" and shutil.which("node"):
        command = ["node", "--input-type=module", "-e", text + "\nif (row.length !== 32) process.exit(1);\n"]
    elif kind == "sh" and "curl" in text:
        command = ["bash", "-euc", "\n".join(checked(line) for line in text.splitlines())]
        if shutil.which("curl") is None:
            continue
    else:
        continue
    done = subprocess.run(command, env=environment, cwd=ROOT / "tests/serve/js" if kind == "js" else home, capture_output=True, text=True, timeout=200)
    if "ModuleNotFoundError" in done.stderr or "ERR_MODULE_NOT_FOUND" in done.stderr:
        print("skipped", text.splitlines()[0])
        missing += 1
        continue
    assert done.returncode == 0, (text, done.stdout, done.stderr[-2000:])
    run += 1
assert server.stop() == 0
print(f"{len(starts)} commands and {run} blocks ran; {missing} name clients that are not installed")
if missing and not run:
    skip("no client is installed; run: script/python-env --clients")
