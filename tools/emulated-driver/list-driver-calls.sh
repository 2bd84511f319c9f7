#!/usr/bin/env bash
# Prints the calls of the CUDA driver that JCuda's native library needs: list-driver-calls.sh libJCudaDriver-*.so
# Redirect it to driver-calls.txt when JCuda's version changes.
set -euo pipefail
readelf --wide --dyn-syms "$1" | awk '$7 == "UND" && $8 ~ /^cu[A-Z]/ { print $8 }' | LC_ALL=C sort -u
