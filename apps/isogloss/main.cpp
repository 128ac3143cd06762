// SPDX-License-Identifier: Apache-2.0
#include "cli.hpp"

int main(int argc, char** argv) { return isogloss::cli::run(argc, argv); }
