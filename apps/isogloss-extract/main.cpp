// SPDX-License-Identifier: Apache-2.0
// The worker process: questions on standard input, documents on standard output (src/input/extract.hpp). Libraries that
// parse foreign bytes live here, so that a hostile file can only kill this process.
#include "input/foreign/foreign.hpp"

int main() { return isogloss::input::answer_questions(isogloss::input::foreign::answer); }
