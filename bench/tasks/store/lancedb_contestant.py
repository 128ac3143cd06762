# SPDX-License-Identifier: Apache-2.0
"""LanceDB: a table without a vector index, so that its answers are exact; scalar indexes on the two fields after a bulk."""
import lancedb
import lancedb.index
import pyarrow as pa
import python_contestant


class Store:
    batch = 10_000  # every add is a version with a file of its own

    def open(self, folder):
        self.database = lancedb.connect(str(folder))
        if (folder / "documents.lance").exists():
            self.table = self.database.open_table("documents")

    def create(self, dim):
        self.schema = pa.schema([("id", pa.int64()), ("text", pa.string()), ("tenth", pa.int32()),
                                 ("hundredth", pa.int32()), ("vector", pa.list_(pa.float32(), dim))])
        self.table = self.database.create_table("documents", schema=self.schema)

    def add(self, ids, texts, groups, vectors):
        rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        self.table.add(pa.table([pa.array(ids), pa.array(texts), pa.array([g % 10 for g in groups], pa.int32()),
                                 pa.array(groups, pa.int32()), rows], schema=self.schema))

    def finish(self):
        for field in ("tenth", "hundredth"):
            self.table.create_index(field, config=lancedb.index.BTree())

    def find(self, vector, condition, k):
        query = self.table.search(vector).distance_type("cosine").limit(k).select(["id", "text", "_distance"])
        if condition:
            query = query.where(f"{condition[0]} = {condition[1]}", prefilter=True)
        return query.to_arrow()["id"].to_pylist()


python_contestant.serve(Store())
