# SPDX-License-Identifier: Apache-2.0
"""SQLite FTS5: unicode61, contentless, one transaction. k1 = 1.2 and b = 0.75 are fixed there, the idf is another."""
import pathlib
import sqlite3

import python_contestant


def build(texts, folder):
    path = pathlib.Path(folder) / "fts.sqlite"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE VIRTUAL TABLE text USING fts5(words, content='', tokenize=\"unicode61 tokenchars '_'\")")
    database.executemany("INSERT INTO text(rowid, words) VALUES (?, ?)", enumerate(texts))
    database.commit()
    return database


def search_one(database, text, k):
    query = " OR ".join(f'"{word}"' for word in dict.fromkeys(text.split()))
    return [(number, -rank) for number, rank in
            database.execute("SELECT rowid, rank FROM text WHERE text MATCH ? ORDER BY rank LIMIT ?", (query, k))]


python_contestant.serve(build, search_one)
