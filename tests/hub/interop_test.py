#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cache is shared: what isogloss fetched the Python package huggingface_hub finds, and the other way round. Skipped (77)
where that package is not installed; last run with 2.4.0."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from fake_hub import COMMIT, FakeHub  # noqa: E402

TINY = "tests/tiny-bert"
MODEL = HERE.parent / "golden/transformers/bert"
SKIP = 77


def main():
    hub = FakeHub({TINY: MODEL})
    with tempfile.TemporaryDirectory(prefix="isogloss-hub-") as name:
        folder = pathlib.Path(name)
        os.environ.update(HF_HOME=str(folder / "hf"), HF_ENDPOINT=hub.front.url, ISOGLOSS_HOME=str(folder / "home"),
                          ISOGLOSS_CACHE=str(folder / "packed"), HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")
        for variable in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ.pop(variable, None)
        try:
            import huggingface_hub
        except ImportError:
            print("skipped: the Python package huggingface_hub is not installed")
            return SKIP
        program = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
        patterns = ["*.json", "*.safetensors", "1_Pooling/*"]

        def run(*words):
            return subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=60).stdout

        def bodies():
            return [path for where, how, path, _ in hub.seen if how == "GET" and (where == "store" or "/resolve/" in path)]

        ours = run("models", "pull", TINY).strip()
        hub.seen.clear()
        report = huggingface_hub.scan_cache_dir()
        assert not report.warnings, report.warnings
        [repository] = report.repos
        [revision] = repository.revisions
        assert (repository.repo_id, revision.commit_hash, revision.refs) == (TINY, COMMIT, frozenset({"main"})), repository
        offline = huggingface_hub.snapshot_download(TINY, local_files_only=True, allow_patterns=patterns)
        assert offline == ours, offline
        assert huggingface_hub.snapshot_download(TINY, allow_patterns=patterns) == ours
        assert huggingface_hub.hf_hub_download(TINY, "model.safetensors") == ours + "/model.safetensors"
        assert bodies() == [], bodies()

        run("models", "rm", TINY)
        theirs = huggingface_hub.snapshot_download(TINY, allow_patterns=patterns)
        hub.seen.clear()
        assert theirs == ours, theirs
        vector = run("embed", "-m", TINY, "-c", "a red cat")
        assert vector == run("embed", "-m", str(MODEL), "-c", "a red cat")
        assert run("models", "pull", TINY).strip() == theirs
        assert bodies() == [], bodies()
        print("good with huggingface_hub", huggingface_hub.__version__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
