# SPDX-License-Identifier: Apache-2.0
"""Writes a collection of the format that PROGRAM writes as SQL text. usage: make.py PROGRAM FORMAT

The fixtures of formats that were released stay as they are; a new format adds one.
"""
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FILES = {
    "refunds.md": "---\nyear: 2024\n---\n# Refunds\n\n## Period\n\nThe refund period is thirty days.\n\n## Costs\n\n"
                  "Shipping is refunded when the item arrived damaged.\n",
    "prices.csv": "id,title,text,price\nr1,Kettle,Boils water quickly.,30\nr2,Toaster,For two slices of bread.,25\n",
}


def main():
    program, number = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        docs = pathlib.Path(folder) / "docs"
        docs.mkdir()
        for name, text in FILES.items():
            (docs / name).write_text(text, encoding="utf-8")
        environment = dict(os.environ, ISOGLOSS_HOME=folder)
        subprocess.run([program, "index", "fixture", docs, "-m", "fit:lsa,dim=2", "-q"], env=environment, check=True)
        database = sqlite3.connect(pathlib.Path(folder) / "collections/fixture/db.sqlite")
        database.execute("UPDATE document SET path='/docs/'||name, root='/docs', mtime=0, inode=0")
        lines = [f"PRAGMA {name}={database.execute(f'PRAGMA {name}').fetchone()[0]};"
                 for name in ("application_id", "user_version")]
        lines += [line for line in database.iterdump()]
        (HERE / f"format{number}.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
