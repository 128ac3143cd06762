#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`isogloss models pull` against a hub on this machine (fake_hub.py): layout, resuming, refusals, privacy, offline."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from fake_hub import COMMIT, FakeHub, git_id  # noqa: E402

MODEL = HERE.parent / "golden/transformers/bert"
PROGRAM = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
TINY, MINILM = "tests/tiny-bert", "sentence-transformers/all-MiniLM-L6-v2"
WANTED = ["1_Pooling/config.json", "config.json", "config_sentence_transformers.json", "expected.json", "model.safetensors",
          "modules.json", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json"]


class Pull(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = FakeHub({TINY: MODEL, MINILM: MODEL})
        cls.hub.extra[TINY] = {"onnx/model.onnx": b"no", "pytorch_model.bin": b"no", "README.md": b"# no", "picture.png": b"no"}

    def setUp(self):
        self.hub.reset()
        folder = tempfile.TemporaryDirectory(prefix="isogloss-hub-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.cache = self.folder / "hf/hub"
        self.repository = self.cache / "models--tests--tiny-bert"
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "ISOGLOSS_", "TRANSFORMERS_"))}
        self.env = keep | {"HF_HOME": str(self.folder / "hf"), "HF_ENDPOINT": self.hub.front.url + "/", "ISOGLOSS_HOME": str(self.folder / "home"),
                           "ISOGLOSS_CACHE": str(self.folder / "packed"), "XDG_CONFIG_HOME": str(self.folder / "config")}

    def run_it(self, *words, status=0, **env):
        done = subprocess.run([PROGRAM, *words], env=self.env | env, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def pull(self, *words, status=0, **env):
        return self.run_it("models", "pull", *(words or [TINY]), status=status, **env)

    def snapshot(self):
        return self.repository / "snapshots" / COMMIT

    def assert_whole(self):
        for name in WANTED:
            self.assertEqual((self.snapshot() / name).read_bytes(), (MODEL / name).read_bytes(), name)
        self.assertEqual((self.repository / "refs/main").read_bytes(), COMMIT.encode())
        self.assertEqual([p for p in self.repository.rglob("*") if p.name.endswith(".incomplete") or ".tmp-" in p.name], [])

    def weights(self):
        data = (MODEL / "model.safetensors").read_bytes()
        return data, hashlib.sha256(data).hexdigest()

    def test_a_fresh_pull_lays_the_cache_out_as_the_libraries_do(self):
        done = self.pull()
        self.assertEqual(done.stdout, f"{self.snapshot()}\n")
        self.assertIn("fetched model.safetensors", done.stderr)
        expected = {"CACHEDIR.TAG", "models--tests--tiny-bert/refs/main", f"models--tests--tiny-bert/trees/{COMMIT}.json"}
        for name in WANTED:
            data = (MODEL / name).read_bytes()
            etag = hashlib.sha256(data).hexdigest() if name.endswith(".safetensors") else git_id(data)
            expected |= {f"models--tests--tiny-bert/snapshots/{COMMIT}/{name}", f"models--tests--tiny-bert/blobs/{etag}",
                         f".locks/models--tests--tiny-bert/{etag}.lock"}
            up = "../" * (2 + name.count("/"))
            self.assertEqual(os.readlink(self.snapshot() / name), f"{up}blobs/{etag}")
        found = {str(p.relative_to(self.cache)) for p in self.cache.rglob("*") if not p.is_dir() or p.is_symlink()}
        self.assertEqual(found, expected)
        self.assert_whole()
        tree = json.loads((self.repository / f"trees/{COMMIT}.json").read_text())
        self.assertEqual(tree["format_version"], 1)
        self.assertEqual(tree["files"]["model.safetensors"]["lfs_sha256"], self.weights()[1])
        self.assertIn("pytorch_model.bin", tree["files"])

    def test_a_second_pull_asks_for_the_commit_and_nothing_else(self):
        self.pull()
        self.hub.seen.clear()
        self.assertEqual(self.pull().stdout, f"{self.snapshot()}\n")
        self.assertEqual([(how, path) for _, how, path, _ in self.hub.seen], [("HEAD", f"/{TINY}/resolve/main/config.json")])
        self.hub.seen.clear()
        self.pull(f"{TINY}@{COMMIT}")
        self.assertEqual(self.hub.seen, [])

    def test_it_opens_offline_by_name_and_by_revision(self):
        self.pull()
        self.hub.seen.clear()
        by_path = self.run_it("embed", "-m", str(MODEL), "-c", "a red cat").stdout
        for name in (TINY, f"{TINY}@main", f"{TINY}@{COMMIT}"):
            self.assertEqual(self.run_it("embed", "-m", name, "-c", "a red cat", HF_HUB_OFFLINE="1").stdout, by_path)
        self.assertEqual(self.hub.seen, [])
        missing = self.run_it("embed", "-m", f"{TINY}@v9", "-c", "x", status=3).stderr
        self.assertIn(f"Run: isogloss models pull {TINY}@v9", missing)
        self.assertIn(str(self.repository / "refs/v9"), missing)

    def test_revisions_are_branches_tags_and_commits(self):
        self.pull(TINY, "--revision", "v1")
        self.pull(TINY, "--revision", "refs/pr/1")
        self.assertEqual((self.repository / "refs/refs/pr/1").read_text(), COMMIT)
        self.assertEqual((self.repository / "refs/v1").read_text(), COMMIT)
        self.assertFalse((self.repository / "refs/main").exists())
        self.assertIn("has no revision 'v2'", self.pull(TINY, "--revision", "v2", status=3).stderr)
        self.assertIn("is no revision", self.pull(TINY, "--revision", "../x", status=2).stderr)
        self.assertIn("contradict", self.pull(f"{TINY}@v1", "--revision", "main", status=2).stderr)

    def test_a_cut_connection_is_taken_up_where_it_stopped(self):
        self.hub.cuts = [10**9] * (len(WANTED) - 1) + [5000, 5000 + 4096]
        self.pull()
        self.assert_whole()
        ranges = [headers.get("Range") for where, _, _, headers in self.hub.seen if where == "store"]
        self.assertEqual(ranges, [None, "bytes=5000-", "bytes=9096-"])

    def test_a_server_without_ranges_starts_over(self):
        _, digest = self.weights()
        (self.repository / "blobs").mkdir(parents=True)
        (self.repository / f"blobs/{digest}.1a2b.incomplete").write_bytes(b"x" * 1000)
        self.hub.ranges = False
        self.pull()
        self.assert_whole()

    def test_a_part_that_is_another_files_beginning_is_fetched_again(self):
        _, digest = self.weights()
        (self.repository / "blobs").mkdir(parents=True)
        (self.repository / f"blobs/{digest}.1a2b.incomplete").write_bytes(b"x" * 1000)
        self.pull()
        self.assert_whole()

    def test_killed_in_the_middle_it_goes_on(self):
        _, digest = self.weights()
        self.hub.pause = 0.05
        for _ in range(3):
            child = subprocess.Popen([PROGRAM, "models", "pull", TINY], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            size = self.part_size(digest)
            end = time.monotonic() + 60
            while self.part_size(digest) < size + 8192 and time.monotonic() < end:
                time.sleep(0.01)
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.assertFalse(self.snapshot().exists())
            self.assertFalse((self.repository / "refs/main").exists())
        size = self.part_size(digest)
        self.assertGreater(size, 20000)
        self.hub.reset()
        self.pull()
        self.assert_whole()
        self.assertEqual([h.get("Range") for where, _, _, h in self.hub.seen if where == "store"], [f"bytes={size}-"])

    def part_size(self, digest):
        return max((p.stat().st_size for p in (self.repository / "blobs").glob(f"{digest}.*.incomplete")), default=0)

    def test_interrupted_it_says_130_and_keeps_what_it_has(self):
        _, digest = self.weights()
        self.hub.pause = 0.05
        child = subprocess.Popen([PROGRAM, "models", "pull", TINY, "-q"], env=self.env, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while self.part_size(digest) < 8192 and time.monotonic() < end:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(timeout=30), 130)
        self.assertGreaterEqual(self.part_size(digest), 8192)

    def test_a_silent_server_is_not_waited_for(self):
        self.hub.silent_after = 40000
        begin = time.monotonic()
        self.assertIn("stopped answering", self.pull(status=1, HF_HUB_DOWNLOAD_TIMEOUT="1").stderr)
        self.assertLess(time.monotonic() - begin, 15)
        self.hub.silent_after = None
        self.pull()
        self.assert_whole()

    def test_two_at_once_fetch_each_file_once(self):
        self.hub.pause = 0.005
        children = [subprocess.Popen([PROGRAM, "models", "pull", TINY, "-q"], env=self.env, stdout=subprocess.DEVNULL) for _ in range(2)]
        self.assertEqual([child.wait(timeout=60) for child in children], [0, 0])
        self.assert_whole()
        self.assertEqual(self.hub.count("GET", "store"), 1)

    def test_damage_is_refused_and_nothing_of_it_kept(self):
        self.hub.damage = True
        done = self.pull(status=1)
        _, digest = self.weights()
        self.assertRegex(done.stderr, rf"'model.safetensors' of 'tests/tiny-bert' arrived damaged: its sha256 is [0-9a-f]{{64}}, the hub promised {digest}")
        self.assertEqual(list((self.repository / "blobs").glob(f"{digest}*")), [])
        self.assertFalse(self.snapshot().exists())
        self.hub.reset()
        self.pull()
        self.assert_whole()

    def test_the_token_stays_with_the_hub(self):
        self.hub.token = "hf_secret"
        done = self.pull(status=3)
        self.assertIn("HF_TOKEN", done.stderr)
        self.pull(HF_TOKEN="hf_secret")
        self.assert_whole()
        for where, _, path, headers in self.hub.seen:
            if where == "store":
                self.assertNotIn("Authorization", headers)
        self.assertNotIn("hf_secret", self.pull("tests/none", status=3, HF_TOKEN="hf_secret").stderr)
        (self.folder / "hf/token").write_text("hf_secret\n")
        self.run_it("models", "rm", TINY)
        self.pull()

    def test_relative_redirects_are_followed(self):
        self.hub.moved = True
        self.pull()
        self.assert_whole()

    def test_refusals_say_what_to_do(self):
        self.assertIn("there is no such repository, or it is private", self.pull("tests/none", status=3).stderr)
        self.hub.status = 404
        self.assertIn("Check the name", self.pull(status=3).stderr)
        self.hub.status = 503
        self.assertIn("answered with status 503", self.pull(status=1).stderr)
        self.assertIn("ORG/NAME", self.pull("nonesuch", status=3).stderr)
        self.assertIn("Did you mean 'minilm'?", self.pull("minilmm", status=3).stderr)
        self.assertIn("does not answer", self.pull(status=1, HF_ENDPOINT="http://127.0.0.1:1").stderr)
        self.assertIn("HF_ENDPOINT", self.pull(status=2, HF_ENDPOINT="ftp://127.0.0.1").stderr)

    def test_weights_in_pickles_alone_are_not_fetched(self):
        folder = self.folder / "pickled"
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        (folder / "pytorch_model.bin").write_bytes(b"x")
        self.hub.repositories["tests/pickled"] = folder
        self.addCleanup(self.hub.repositories.pop, "tests/pickled")
        self.assertIn("only pytorch_model.bin", self.pull("tests/pickled", status=1).stderr)
        self.assertEqual(self.hub.count("GET", "store"), 0)

    def test_offline_opens_no_socket(self):
        self.assertIn("(--offline)", self.pull(TINY, "--offline", status=6).stderr)
        self.assertIn("(HF_HUB_OFFLINE)", self.pull(status=6, HF_HUB_OFFLINE="True").stderr)
        self.assertIn("(TRANSFORMERS_OFFLINE)", self.pull(status=6, TRANSFORMERS_OFFLINE="1").stderr)
        self.assertEqual(self.hub.seen, [])
        self.pull()
        self.assertIn(str(self.snapshot()), self.pull(TINY, "--offline", status=6).stderr)

    def test_a_short_name_stands_for_its_weights(self):
        self.assertIn("Run: isogloss models pull minilm", self.run_it("embed", "-m", "minilm", "-c", "x", status=3).stderr)
        refused = self.pull("minilm", status=1).stderr
        self.assertIn("are not those that 'minilm' stands for", refused)
        self.assertEqual(self.hub.count("GET", "store"), 0)
        self.pull(MINILM)
        self.run_it("embed", "-m", "minilm", "-c", "a red cat")

    def test_list_show_and_rm_know_pulled_models(self):
        self.pull()
        self.pull(MINILM)
        listed = self.run_it("models", "list").stdout
        self.assertRegex(listed, rf"{TINY} +pulled .* main {COMMIT[:12]}\n")
        self.assertRegex(listed, rf"{MINILM} +pulled .*, minilm\n")
        row = json.loads(self.run_it("models", "list", "--json").stdout.splitlines()[1])
        self.assertEqual((row["name"], row["commit"], row["folder"]), (TINY, COMMIT, str(self.snapshot())))
        self.assertIn("dimension", self.run_it("models", "show", TINY).stdout)
        self.run_it("models", "rm", TINY)
        self.run_it("models", "rm", "minilm")
        self.assertEqual({p.name for p in self.cache.iterdir()}, {"CACHEDIR.TAG", ".locks"})
        self.assertIn("Run: isogloss models list", self.run_it("models", "rm", TINY, status=3).stderr)

    def test_tokens_takes_the_names_of_models(self):
        self.assertIn("Run: isogloss models pull minilm", self.run_it("tokens", "-m", "minilm", "x", status=3).stderr)
        self.pull(MINILM)
        by_path = self.run_it("tokens", "-m", str(MODEL), "a red cat").stdout
        self.assertEqual(self.run_it("tokens", "-m", "minilm", "a red cat").stdout, by_path)
        self.run_it("models", "add", "mine", str(MODEL))
        self.assertEqual(self.run_it("tokens", "-m", "mine", "a red cat").stdout, by_path)

    def test_a_snapshot_that_lacks_files_says_so_and_a_pull_adds_them(self):
        self.pull()
        (self.snapshot() / "model.safetensors").unlink()
        (self.repository / "blobs" / self.weights()[1]).unlink()
        error = self.run_it("embed", "-m", TINY, "-c", "x", status=3).stderr
        self.assertIn(f"run: isogloss models pull {TINY}", error)
        self.hub.seen.clear()
        self.pull()
        self.assert_whole()
        self.assertEqual((self.hub.count("HEAD"), self.hub.count("GET")), (2, 1))

    def test_a_collection_is_made_with_a_pulled_minilm(self):
        (self.folder / "pages").mkdir()
        (self.folder / "pages/a.md").write_text("The refund period is thirty days.\n")
        self.pull(MINILM)
        self.run_it("index", "docs", "pages", "-q")
        self.assertIn("minilm", self.run_it("collections", "show", "docs").stdout)
        self.assertIn("thirty", self.run_it("search", "docs", "refund", "-q").stdout)

    def test_copies_where_links_are_not_wanted(self):
        self.pull(HF_HUB_DISABLE_SYMLINKS="1")
        self.assert_whole()
        self.assertFalse((self.snapshot() / "config.json").is_symlink())


if __name__ == "__main__":
    unittest.main(verbosity=1)
