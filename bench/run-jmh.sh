#!/usr/bin/env bash
# Measures the CPU kernels with JMH over bench/shapes/*.txt.
#
#   bench/run-jmh.sh                                   everything; takes an hour or so
#   bench/run-jmh.sh Gemm -p layer=mobilenet_v1/conv_pw_2
#   bench/run-jmh.sh -f 1 -wi 2 -i 2 -r 200ms -w 200ms  a quick look
#   bench/run-jmh.sh -rff target/jmh.json              results as JSON, too
#
# SHAPES=mobilenet_v1,dws_cnn chooses shape files; VECTOR_BITS=128 or 256 narrows the vectors.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

for candidate in "${DEPTHSCOPE_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
  if [[ -x $candidate/bin/java ]] && grep -q '^JAVA_VERSION="25' "$candidate/release" 2>/dev/null; then
    java_home=$candidate
    break
  fi
done
if [[ -z ${java_home:-} ]]; then
  echo "run-jmh: no JDK 25 found; set JAVA_HOME" >&2
  exit 1
fi

# Named in full, since no other build needs this plugin.
mvn -q -B -Pbench test-compile org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath \
  -Dmdep.outputFile=target/jmh-classpath.txt
options=(--add-modules=jdk.incubator.vector --sun-misc-unsafe-memory-access=allow -XX:+UseSerialGC)
[[ -z ${SHAPES:-} ]] || options+=("-Ddepthscope.bench.shapes=$SHAPES")
[[ -z ${VECTOR_BITS:-} ]] || options+=("-Ddepthscope.cpu.vectorBits=$VECTOR_BITS")
exec "$java_home/bin/java" "${options[@]}" \
  -cp "target/test-classes:target/classes:$(<target/jmh-classpath.txt)" \
  io.depthscope.backend.cpu.RunBenchmarks "$@"
