# SPDX-License-Identifier: Apache-2.0
"""tantivy: default tokenizer, one writer thread. k1 = 1.2 and b = 0.75 are fixed there; lengths are kept in one byte."""
import pathlib
import shutil

import python_contestant
import tantivy


def build(texts, folder):
    place = pathlib.Path(folder) / "tantivy"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("id", stored=True)
    schema.add_text_field("text", stored=False, tokenizer_name="default", index_option="freq")
    index = tantivy.Index(schema.build(), path=str(place))
    writer = index.writer(heap_size=512_000_000, num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(id=number, text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index, index.searcher()


def search_one(index, text, k):
    index, searcher = index
    query = tantivy.Query.boolean_query([(tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "text", word))
                                         for word in text.split()])
    return [(searcher.doc(address)["id"][0], score) for score, address in searcher.search(query, k).hits]


python_contestant.serve(build, search_one)
