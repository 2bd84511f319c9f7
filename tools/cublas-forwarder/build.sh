#!/usr/bin/env bash
# Builds the library that stands for libcublas.so.12 where there is only libcublas.so.13. Maven runs
# it; without a C compiler, or on another system, it builds nothing, and cuBLAS 13 is not used.
#
#   build.sh FILE    where to write it
set -euo pipefail

out=$1
compiler=${CC:-cc}
if [[ $(uname -sm) != "Linux x86_64" ]]; then
  echo "cublas-forwarder: only for Linux on x86-64"
  exit 0
fi
if ! command -v "$compiler" >/dev/null; then
  echo "cublas-forwarder: no C compiler; cuBLAS of CUDA 13 will not be used"
  exit 0
fi

mkdir -p -- "$(dirname -- "$out")"
# The version node must be there: JCuda's library was linked with "function@libcublas.so.12".
versions=$(mktemp)
trap 'rm -f "$versions"' EXIT
echo 'libcublas.so.12 { global: cublas*; local: *; };' >"$versions"
"$compiler" -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared -s \
  -Wl,-soname,libcublas.so.12 -Wl,--version-script="$versions" \
  -o "$out" "$(dirname -- "${BASH_SOURCE[0]}")/forwarder.c" -ldl
