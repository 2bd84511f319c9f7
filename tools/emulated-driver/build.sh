#!/usr/bin/env bash
# Builds the emulated CUDA driver with the host build of all kernels: build.sh OUTPUT_DIR [KERNEL_DIR]
# The result is OUTPUT_DIR/libcuda.so.1. Only what is older than its sources is built again.
#
#   CXX        the compiler, g++ by default
#   JOBS       how many files are compiled at once; all processors by default
#   NATIVE=0   leave out AVX2 and FMA even where this machine has them; results are the same, only slower
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
if [[ $# -lt 1 || $# -gt 2 ]]; then
  echo "usage: $0 OUTPUT_DIR [KERNEL_DIR]" >&2
  exit 2
fi
mkdir -p -- "$1/objects"
output=$(cd -- "$1" && pwd)
kernels=$(cd -- "${2:-$here/../../kernels}" && pwd)
objects=$output/objects
cxx=${CXX:-g++}
jobs=${JOBS:-$(nproc)}

# fmaf must be one instruction to be fast. Elsewhere the library computes the same.
machine=()
if [[ ${NATIVE:-1} != 0 && $(uname -m) == x86_64 ]]; then
  has() { grep -qm1 -w "$1" /proc/cpuinfo; }
  if has avx2 && has fma && has bmi2 && has movbe && has f16c && has abm; then
    machine=(-march=x86-64-v3)
  fi
fi
driver_flags=(-I"$here" -std=c++17 -O2 -fPIC -pthread -fvisibility=hidden -Wall -Wextra -Wno-attributes)
# No contraction: a kernel says itself where it wants a fused multiply-add. Without errno, sqrtf is an instruction. A
# large frame must touch the guard page below a stack of 64 KiB, not jump over it.
kernel_flags=(-std=c++17 -O3 -fPIC -pthread -fvisibility=hidden -fno-gnu-unique -ffunction-sections -fstack-clash-protection
  -ffp-contract=off -fno-math-errno -fno-strict-aliasing ${machine[@]+"${machine[@]}"}
  -Wall -Wno-attributes -Wno-unknown-pragmas -Wno-unused -Wno-sign-compare)
[[ ${CHECKS:-1} == 0 ]] || kernel_flags+=(-fno-sanitize-recover=all
  -fsanitize=bounds-strict,object-size,alignment,float-cast-overflow,integer-divide-by-zero,shift)
include_flags=(-DDS_EMULATED=1 -I"$here" -I"$kernels" -I"$here/../../kernels")

# Other flags or another compiler make everything old.
identity="$("$cxx" --version | head -1); ${driver_flags[*]}; ${kernel_flags[*]}; ${include_flags[*]}"
if [[ $(cat "$objects/identity" 2>/dev/null) != "$identity" ]]; then
  rm -f -- "$objects"/*
  printf '%s\n' "$identity" >"$objects/identity"
fi

# Whether a file is missing or older than one of its sources, as far as the compiler has listed them in FILE.d.
is_old() {
  local target=$1 source
  [[ -e $target && -e $target.d ]] || return 0
  while read -r source; do
    [[ $source -nt $target || ! -e $source ]] && return 0
  done < <(sed -e 's/^[^:]*: *//' -e 's/ *\\$//' "$target.d" | tr ' ' '\n' | sed '/^$/d')
  return 1
}

# Kernels are preprocessed first, so that those that macros write are found, too.
compile() {
  local source=$1 target=$2
  case $source in
    *.cu)
      "$cxx" "${kernel_flags[@]}" "${include_flags[@]}" -x c++ -E -MD -MF "$target.d.new" -MT x "$source" -o "$target.ii" &&
        awk -f "$here/scan-kernels.awk" "$target.ii" >"$target.registrations" &&
        cat "$target.registrations" >>"$target.ii" &&
        "$cxx" "${kernel_flags[@]}" -fpreprocessed -x c++ -c "$target.ii" -o "$target.new" &&
        printf '%s\n' "x: $here/scan-kernels.awk" >>"$target.d.new"
      ;;
    *)
      "$cxx" "${driver_flags[@]}" -MD -MF "$target.d.new" -MT x -c "$source" -o "$target.new"
      ;;
  esac || { rm -f -- "$target.new"; echo "$0: $source does not compile" >&2; return 1; }
  mv -- "$target.d.new" "$target.d" && mv -- "$target.new" "$target"
}

shopt -s nullglob
wanted=()
failed=0
for source in "$here"/driver/*.cpp "$kernels"/*.cu; do
  target=$objects/$(basename -- "$source").o
  wanted+=("$target")
  if is_old "$target"; then
    while [[ $(jobs -rp | wc -l) -ge $jobs ]]; do wait -n || failed=1; done
    compile "$source" "$target" &
  fi
done
while [[ -n $(jobs -p) ]]; do wait -n || failed=1; done
[[ $failed == 0 ]] || exit 1

library=$output/libcuda.so.1
old=0
[[ "${wanted[*]}" == "$(cat "$objects/linked" 2>/dev/null)" ]] || old=1
for object in "${wanted[@]}" "$here/driver-calls.txt" "$here/shared-memory.awk" "$here/build.sh"; do
  [[ ! -e $library || $object -nt $library ]] && old=1
done
[[ $old == 1 ]] || exit 0

# Calls that JCuda's library needs and this driver does not have: they say so when they are used.
{
  echo '#include <stdio.h>'
  echo '#define STUB(name) extern "C" __attribute__((visibility("default"))) int name() {' \
    'fprintf(stderr, "emulated driver: %s is not emulated\n", #name); return 801; }'
  LC_ALL=C comm -23 <(LC_ALL=C sort -u "$here/driver-calls.txt") \
    <(nm --defined-only "$objects"/api_*.o | awk '$2 == "T" { print $3 }' | LC_ALL=C sort -u) | sed 's/.*/STUB(&)/'
} >"$objects/stubs.cc"
"$cxx" "${driver_flags[@]}" -c "$objects/stubs.cc" -o "$objects/stubs.o"

link() {
  "$cxx" "${driver_flags[@]}" -c "$objects/shared.cc" -o "$objects/shared.o"
  "$cxx" -shared -pthread -Wl,-soname,libcuda.so.1 -Wl,-z,defs -Wl,-z,nodelete "${wanted[@]}" "$objects/stubs.o" \
    "$objects/shared.o" -o "$library.new"
}

# A table of the shared variables of each kernel, with their places in thread-local storage.
shared_table() {
  echo '#include "driver/kernels.h"'
  echo 'const emulator::SharedRow emulator::shared_rows[] = {'
  for object in "$objects"/*.cu.o; do
    echo "File: $object"
    readelf --wide --symbols --relocs "$object"
  done | cat - <([[ ! -e $1 ]] || { echo 'File: library.so'; readelf --wide --symbols "$1"; }) |
    awk -f "$here/shared-memory.awk"
  echo '    {nullptr, 0, 0}};'
}

# The places are known once the library is linked; the table itself does not move them.
rm -f -- "$library.new"
shared_table "$library.new" >"$objects/shared.cc"
link
shared_table "$library.new" >"$objects/shared.cc"
link
if ! shared_table "$library.new" | cmp -s - "$objects/shared.cc"; then
  echo "$0: the places of shared variables changed between two links" >&2
  exit 1
fi
mv -- "$library.new" "$library"
printf '%s' "${wanted[*]}" >"$objects/linked"
