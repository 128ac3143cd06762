#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test script with the first Python that has scikit-learn; exit code 77 (skipped) when there is none.
for python in "$ISOGLOSS_PYTHON" "$ISOGLOSS_BUILD_DIR/../.venv/bin/python" "$ISOGLOSS_SOURCE_DIR/.venv/bin/python" python3; do
  if [ -n "$python" ] && "$python" -c 'import sklearn' 2>/dev/null; then
    exec "$python" "$@"
  fi
done
echo "skipped: no Python with scikit-learn; set ISOGLOSS_PYTHON to one"
exit 77
