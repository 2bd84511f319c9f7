#!/usr/bin/env bash
# Builds the emulated driver with the kernels in test/kernels and tests it: run.sh [BUILD_DIR]
# With JCUDA=a class path of JCuda's jars, the smoke test in Java is run, too.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
build=${1:-$(mktemp -d)}
[[ $# -ge 1 ]] || trap 'rm -rf -- "$build"' EXIT

"$here/../build.sh" "$build" "$here/kernels"
build=$(cd -- "$build" && pwd)
test=$build/emulator-test
"${CXX:-g++}" -std=c++17 -O1 -Wall -Wextra "$here"/*.cpp "$build/libcuda.so.1" -Wl,-rpath,"$build" -o "$test"

fail() {
  echo "emulated driver: $*" >&2
  exit 1
}

# The messages of what is wrong on purpose are checked by the test, and shown only if it fails.
"$test" >"$build/log" 2>&1 || { grep -v '^emulated driver: ' "$build/log" >&2; fail "its tests fail"; }

"$test" leak 2>"$build/log" || fail "the leaking process failed"
for line in 'device allocation 1 of 1234 bytes' 'page-locked allocation 1 of 77 bytes' 'a stream' 'an event' 'a module'; do
  grep -q "leak: $line" "$build/log" || fail "no report of a leak: $line"
done
DEPTHSCOPE_EMULATOR_REPORT_LEAKS=0 "$test" leak 2>"$build/log"
[[ ! -s $build/log ]] || fail "leaks reported although switched off: $(cat "$build/log")"

status=0
"$test" signal 2>/dev/null || status=$?
[[ $status == 42 ]] || fail "a signal outside of kernels did not reach its handler (status $status)"

"$test" stub 2>"$build/log" || fail "a call that is not emulated does not answer 801"
grep -q 'cuGraphCreate is not emulated' "$build/log" || fail "a call that is not emulated does not give its name"

DEPTHSCOPE_EMULATOR_MEMORY=lots "$test" stub 2>"$build/log"
"$test" leak 2>/dev/null
DEPTHSCOPE_EMULATOR_MEMORY=lots "$test" leak 2>"$build/log"
grep -q 'DEPTHSCOPE_EMULATOR_MEMORY is not understood: lots' "$build/log" || fail "a setting that is nonsense is taken"

# An unchanged tree is not built again, a changed kernel is.
before=$(stat -c %Y%Z "$build/libcuda.so.1")
"$here/../build.sh" "$build" "$here/kernels"
[[ $before == $(stat -c %Y%Z "$build/libcuda.so.1") ]] || fail "an unchanged tree was built again"

if [[ -n ${JCUDA:-} ]]; then
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" --enable-native-access=ALL-UNNAMED -Xcheck:jni -cp "$JCUDA" "$here/SmokeTest.java" \
    "$build/libcuda.so.1" 2>"$build/log" || { cat "$build/log" >&2; fail "the smoke test fails"; }
fi
echo "emulated driver: all tests passed"
