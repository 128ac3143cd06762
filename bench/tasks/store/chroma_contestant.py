# SPDX-License-Identifier: Apache-2.0
"""Chroma: PersistentClient, its HNSW graph with cosine; approximate, it has no exact search. Telemetry off."""
import os

os.environ["ANONYMIZED_TELEMETRY"] = "False"

import chromadb  # noqa: E402
import python_contestant  # noqa: E402
from chromadb.api.shared_system_client import SharedSystemClient  # noqa: E402


class Store:
    batch = 1000

    def open(self, folder):
        SharedSystemClient.clear_system_cache()  # it keeps what it knew of a folder that is made anew
        settings = chromadb.config.Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(path=str(folder), settings=settings)
        if self.client.list_collections():
            self.collection = self.client.get_collection("documents", embedding_function=None)

    def create(self, dim):
        self.collection = self.client.create_collection("documents", embedding_function=None,
                                                        configuration={"hnsw": {"space": "cosine"}})

    def add(self, ids, texts, groups, vectors):
        self.collection.add(ids=[str(i) for i in ids], documents=texts, embeddings=vectors,
                            metadatas=[{"tenth": g % 10, "hundredth": g} for g in groups])

    def finish(self):
        pass

    def find(self, vector, condition, k):
        found = self.collection.query(query_embeddings=[vector], n_results=k, include=["documents"],
                                      where={condition[0]: condition[1]} if condition else None)
        return [int(name) for name in found["ids"][0]]


python_contestant.serve(Store())
