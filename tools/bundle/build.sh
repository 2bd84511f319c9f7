#!/usr/bin/env bash
# Makes target/depthscope-bundle-linux-x86_64.tar.gz: Depthscope with a Java runtime of its own, for machines that have
# no Java. Needs a JDK 25 for Linux x86-64; builds the jar if it is absent or older than its sources.
#
#   tools/bundle/build.sh
#   tools/bundle/test.sh      # unpacks the result and runs it without a path or an environment
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

readonly out=target/depthscope-bundle-linux-x86_64.tar.gz
readonly limit_mb=56

fail() {
  echo "bundle: $*" >&2
  exit 1
}

[[ $(uname -sm) == "Linux x86_64" ]] || fail "the runtime is that of the machine it is built on: Linux x86-64 only"
for candidate in "${DEPTHSCOPE_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
  if [[ -x $candidate/bin/jlink ]] && grep -q '^JAVA_VERSION="25' "$candidate/release" 2>/dev/null; then
    jdk=$candidate
    break
  fi
done
[[ -n ${jdk:-} ]] || fail "no JDK 25 with jlink in JAVA_HOME or under /usr/lib/jvm"

# The launcher builds what is stale.
version=$(DEPTHSCOPE_JAVA_HOME=$jdk ./depthscope --version 2>/dev/null | head -1)

# What the program reaches, not what its libraries could: jdeps also names java.sql, for types of Jackson's that are
# never read or written here. java.desktop holds ImageIO; jdk.unsupported holds sun.misc.Unsafe, looked for by libraries;
# java.logging is what PDFBox reports to.
modules=java.base,java.desktop,java.logging,jdk.incubator.vector,jdk.unsupported

# Decoding images and drawing figures without a display needs none of these, and some of them want X or ALSA.
unused=(libawt_xawt.so libjawt.so libsplashscreen.so libjsound.so libfontmanager.so libfreetype.so jrt-fs.jar
  classlist keytool)
excluded=$(printf '**/%s,' "${unused[@]}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/depthscope
mkdir "$bundle"

# Classes lie uncompressed: gzip over all of them makes a smaller file than gzip over compressed ones (34 MB against 41),
# and Java starts faster.
"$jdk/bin/jlink" --add-modules "$modules" --vm=server --strip-debug --compress=zip-0 --no-header-files --no-man-pages \
  --exclude-files="${excluded%,}" --output "$bundle/runtime" 2>"$work/jlink.log" || fail "$(cat "$work/jlink.log")"

cp target/depthscope.jar LICENSE "$bundle/"
cp tools/bundle/launcher.sh "$bundle/depthscope"
sed "s|@VERSION@|$version|" tools/bundle/README.md >"$bundle/README.md"
find "$bundle" -type d -exec chmod 755 {} +
find "$bundle" -type f -exec chmod u=rwX,go=rX {} +
chmod 755 "$bundle/depthscope"

# Same inputs, same bytes: sorted names, one date, nobody's user.
tar -C "$work" --sort=name --mtime=@"$(git log -1 --format=%ct 2>/dev/null || echo 0)" --owner=0 --group=0 \
  --numeric-owner -cf - depthscope | gzip -9n >"$out.partial"
mv "$out.partial" "$out"

bytes=$(stat -c %s "$out")
echo "bundle: $out, $((bytes / 1000)) kB, $version"
((bytes < limit_mb * 1000000)) || fail "$out is larger than $limit_mb MB"
