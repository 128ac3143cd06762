# SPDX-License-Identifier: Apache-2.0
"""sqlite-vec: a vec0 table with metadata columns beside a table of texts, WAL, synchronous=FULL. Exact."""
import pysqlite3 as sqlite3  # with extensions allowed, which not every Python has
import python_contestant
import sqlite_vec


class Store:
    batch = 4000

    def open(self, folder):
        self.database = sqlite3.connect(folder / "store.sqlite", isolation_level=None)
        self.database.enable_load_extension(True)
        sqlite_vec.load(self.database)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")

    def create(self, dim):
        self.database.execute("CREATE TABLE document(id INTEGER PRIMARY KEY, text TEXT)")
        self.database.execute("CREATE VIRTUAL TABLE vector USING vec0(id INTEGER PRIMARY KEY, tenth INTEGER, "
                              f"hundredth INTEGER, embedding float[{dim}] distance_metric=cosine)")

    def add(self, ids, texts, groups, vectors):
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO document VALUES(?,?)", zip(ids, texts))
        self.database.executemany("INSERT INTO vector VALUES(?,?,?,?)",
                                  ((i, g % 10, g, v.tobytes()) for i, g, v in zip(ids, groups, vectors)))
        self.database.execute("COMMIT")

    def finish(self):
        pass

    def find(self, vector, condition, k):
        where = f" AND {condition[0]} = {condition[1]}" if condition else ""
        rows = self.database.execute(f"SELECT id FROM vector WHERE embedding MATCH ? AND k = ?{where} ORDER BY distance",
                                     (vector.tobytes(), k)).fetchall()
        for row in rows:
            self.database.execute("SELECT text FROM document WHERE id=?", row).fetchone()
        return [number for number, in rows]


python_contestant.serve(Store())
