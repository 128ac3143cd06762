// SPDX-License-Identifier: Apache-2.0
// Texts on which int8 is measured before it is used: the short and the odd ones, where it goes wrong first, and plain
// sentences of several lengths.
#pragma once

#include <array>
#include <string_view>

namespace isogloss::model {

inline constexpr std::array<std::string_view, 32> kInt8Probes = {
    "",
    " ",
    ".",
    "ok",
    "a",
    "no",
    "42",
    "?!",
    "the",
    "hello",
    "[MASK]",
    "[PAD] [PAD]",
    "[UNK]",
    "<s>",
    "a a a a a a a a",
    "www.example.org/path?query=1",
    "def add(a, b):\n    return a + b",
    "SELECT name FROM users WHERE id = 7;",
    "caf\u00e9 na\u00efve \u00fcber",
    "\u6771\u4eac\u306f\u96e8\u3067\u3059",
    "\U0001F600 \U0001F431",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
    "refund period",
    "How do I reset my password?",
    "The cat sat on the mat.",
    "Shipping costs are refunded only when the item arrived damaged.",
    "Water boils at a lower temperature in the mountains, because the pressure of the air is lower there.",
    "He did not like the film; the plot was thin, the jokes were old, and the ending came an hour too late.",
    "The committee met on Tuesday to discuss the budget for the coming year, and agreed to postpone the decision until "
    "the figures of the last quarter are known.",
    "A solar panel turns light into electric current. Most are made of silicon cells, each of which gives about half a "
    "volt; several are joined in series so that the voltage is useful, and in parallel so that the current is.",
    "In the morning the harbour was grey and quiet. By noon the boats had come back with herring and cod, and the "
    "market "
    "was so loud that nobody heard the church bell. In the evening the smell of smoke hung over the roofs again.",
    "Patients were assigned at random to one of two groups and followed for twelve months. The first group received "
    "the "
    "new treatment, the second a placebo. No significant difference in the primary outcome was observed between them, "
    "although fewer adverse events were reported in the first group than in the second.",
};

}  // namespace isogloss::model
