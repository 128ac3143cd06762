#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains word2vec with gensim. usage: gensim_contestant.py CORPUS OUT THREADS EPOCHS SEED skipgram|cbow. Prints the CPU
seconds of training alone, without reading the vocabulary."""
import sys
import time

from gensim.models import Word2Vec

corpus, out, threads, epochs, seed, model = sys.argv[1:]
skipgram = model == "skipgram"
trainer = Word2Vec(vector_size=100, window=5, negative=5, sample=1e-4, min_count=5, epochs=int(epochs), sg=int(skipgram),
                   seed=int(seed), workers=int(threads), alpha=0.025 if skipgram else 0.05)
trainer.build_vocab(corpus_file=corpus)
start = time.process_time()
trainer.train(corpus_file=corpus, total_words=trainer.corpus_total_words, total_examples=trainer.corpus_count,
              epochs=int(epochs))
print(time.process_time() - start)
trainer.wv.save_word2vec_format(out, binary=True)
