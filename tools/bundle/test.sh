#!/usr/bin/env bash
# Runs the portable bundle as a bare machine would: unpacked into an empty folder, with an empty environment and an
# empty path. As root it also runs in a root folder that holds nothing but a shell and the C library.
#
#   tools/bundle/test.sh [FILE]      # default: target/depthscope-bundle-linux-x86_64.tar.gz
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

root=$PWD
archive=${1:-target/depthscope-bundle-linux-x86_64.tar.gz}
[[ -f $archive ]] || { echo "bundle test: no $archive; run tools/bundle/build.sh first" >&2; exit 1; }
archive=$(readlink -f -- "$archive")
work=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$work/root/proc" || umount "$work/root/proc"
  rm -rf "$work"
}
trap cleanup EXIT
passed=0
failed=0

run() { # arguments of the launcher; leaves output, errors and code
  code=0
  env -i PATH= "$bundle/depthscope" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  output=$(cat "$work/out")
  errors=$(cat "$work/err")
}
check() { # what, condition
  if (eval "$2"); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  code %s, output:\n%s\n%s\n' "$1" "$code" "$output" "$errors"
  fi
}

# Every format of the test images, in the ten classes of the embedded network.
for class in 0 1 2 3 4 5 6 7 8 9; do
  mkdir -p "$work/images/$class"
  cp test-data/images/*.jpg test-data/images/*.png "$work/images/$class/"
done
count=$(find "$work/images" -type f | wc -l)

bundle="$work/a folder/depthscope"
mkdir "$work/a folder" "$work/empty"
tar -xzf "$archive" -C "$work/a folder"
chmod -R a-w "$bundle"
cd "$work/empty"

version=$(sed -n 's|.*<version>\(.*\)</version>.*|\1|p' "$root/pom.xml" | head -1)
run --version
check "the version is that of the sources" '[[ $code == 0 && $output == "depthscope $version"* ]]'
run analyze --limit 50 --quiet --out "$work/run"
check "analyze runs the embedded network" '[[ $code == 0 && -s $work/run/results.json ]]'
check "fifty images were run" 'grep -q "\"images\" *: *50\b" "$work/run/results.json"'
for format in svg pdf png; do
  run plot "$work/run" --figure heat-map --format $format --out "$work/figure.$format"
  check "a figure is drawn as $format without fonts" '[[ $code == 0 && -s $work/figure.$format ]]'
done
run bench run --seconds 1 --warm-up 0.5 --level statistics
check "bench run prints one line of JSON" '[[ $code == 0 && $output == "{"*"\"imagesPerSecond\":"*"}" ]]'
run pack --quiet --strict --data "$work/images" --out "$work/bundle.packed"
check "images of all formats are decoded without X and fonts" '[[ $code == 0 && $output == "packed $count images"* ]]'
run analyze --nonsense
check "a wrong option is exit code 2" '[[ $code == 2 && $errors == *--nonsense* ]]'
run analyze --model "$work/absent.safetensors" --data synthetic:10
check "a failed run is exit code 1" '[[ $code == 1 && $errors == *absent.safetensors* ]]'

# The GPU backend: nothing to find here, unless there is, and then the emulated driver of the tests.
run devices
check "devices ends well, with or without a driver" '[[ $code == 0 && -n $output ]]'
run verify --backend cpu --random 20
check "verify has its test data inside" '[[ $code == 0 && $output == *PASS* ]]'
emulated=$root/target/emulated-driver/libcuda.so.1
if [[ -f $emulated ]]; then
  code=0
  env -i PATH= DEPTHSCOPE_JAVA_OPTS="-Ddepthscope.cuda.driver=$emulated" "$bundle/depthscope" verify --backend cuda \
    --random 20 >"$work/out" 2>"$work/err" || code=$?
  output=$(cat "$work/out")
  errors=$(cat "$work/err")
  check "the kernels run on the emulated driver" '[[ $code == 0 && $output == *PASS* ]]'
fi

# From elsewhere, through links, and by a bare name.
ln -s "$bundle/depthscope" "$work/first"
ln -s first "$work/link"
code=0
output=$(env -i PATH= "$work/link" --version 2>"$work/err") || code=$?
errors=$(cat "$work/err")
check "symbolic links are followed" '[[ $code == 0 && $output == "depthscope "* ]]'
code=0
output=$(cd "$bundle" && env -i PATH= /bin/sh depthscope --version 2>"$work/err") || code=$?
errors=$(cat "$work/err")
check "it may be given to a shell by its bare name" '[[ $code == 0 && $output == "depthscope "* ]]'

# Both launchers must give Java the same options: a stand-in prints what each hands over.
mkdir -p "$work/pair/runtime/bin" "$work/checkout"
cp "$bundle/depthscope" "$work/pair/depthscope"
touch "$work/pair/depthscope.jar"
printf '#!/bin/sh\nfor a in "$@"; do echo "<$a>"; done\n' >"$work/pair/runtime/bin/java"
chmod +x "$work/pair/runtime/bin/java"
printf 'JAVA_VERSION="25.0.1"\n' >"$work/pair/runtime/release"
cp "$root/depthscope" "$work/checkout/"
touch "$work/checkout/depthscope.jar"
given=(analyze --out "a b" '*')
code=0
export DEPTHSCOPE_HEAP=3g DEPTHSCOPE_JAVA_OPTS="-Xss2m -Da=*"
output=$("$work/pair/depthscope" "${given[@]}" | sed "s|$work/pair/||")
errors=$(DEPTHSCOPE_JAVA_HOME=$work/pair/runtime "$work/checkout/depthscope" "${given[@]}" | sed "s|$work/checkout/||")
unset DEPTHSCOPE_HEAP DEPTHSCOPE_JAVA_OPTS
check "the options for Java are those of the launcher in the checkout" '[[ -n $output && $output == "$errors" ]]'
rm "$work/pair/depthscope.jar"
code=0
output=
errors=$("$work/pair/depthscope" --version 2>&1) || code=$?
check "a damaged bundle says what is missing" '[[ $code == 1 && $errors == *"depthscope.jar is missing"* ]]'

# A root folder with a shell, the C library and the bundle: nothing else can be loaded.
minimal="left out the bare root folder, which only root can make"
mkdir -p "$work/root"/{bin,proc,tmp,dev}
if [[ $(id -u) == 0 ]] && mount -t proc proc "$work/root/proc" 2>/dev/null; then
  cp -L /bin/sh "$work/root/bin/sh"
  chroot=$(command -v chroot)
  libraries=(libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1)
  loader=/lib64/ld-linux-x86-64.so.2
  mkdir -p "$work/root/lib64"
  cp -L "$loader" "$work/root/lib64/"
  for library in "${libraries[@]}"; do
    found=$(ldconfig -p | sed -n "s|.*[[:space:]]$library (.*x86-64.*) => ||p" | head -1)
    mkdir -p "$work/root$(dirname "$found")"
    cp -L "$found" "$work/root$found"
  done
  tar -xzf "$archive" -C "$work/root"
  cp -r "$work/images" "$work/root/images"
  bare() {
    code=0
    env -i PATH= "$chroot" "$work/root" /depthscope/depthscope "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    output=$(cat "$work/out")
    errors=$(cat "$work/err")
  }
  bare analyze --limit 50 --quiet --out /tmp/run
  check "analyze runs with the C library alone" '[[ $code == 0 && -s $work/root/tmp/run/results.json ]]'
  check "and gives the same bytes" 'cmp -s "$work/run/results.json" "$work/root/tmp/run/results.json"'
  for format in svg pdf png; do
    bare plot /tmp/run --figure heat-map --format $format --out /tmp/figure.$format
    check "$format has the same bytes with the C library alone" \
      '[[ $code == 0 ]] && cmp -s "$work/figure.$format" "$work/root/tmp/figure.$format"'
  done
  bare pack --quiet --strict --data /images --out /tmp/bundle.packed
  check "images are decoded with the C library alone" '[[ $code == 0 && $output == "packed $count images"* ]]'
  bare devices
  check "devices says in one line that there is no driver" '[[ $code == 0 && -n $output && $output != *$'"'\n'"'* ]]'
  bare analyze --backend cuda --limit 1 --out /tmp/cuda
  check "a GPU that is not there is exit code 1" '[[ $code == 1 && $errors == *"backend cuda is missing"* ]]'
  minimal="also with ${#libraries[@]} libraries of the system alone"
fi

kilobytes=$(($(stat -c %s "$archive") / 1000))
echo "bundle: $passed passed, $failed failed; $minimal; $kilobytes kB packed, $(du -sm "$bundle" | cut -f1) MB unpacked"
chmod -R u+w "$work/a folder"
[[ $failed == 0 ]]
