#!/bin/sh
# Starts Depthscope with the Java runtime beside this file. Nothing is looked for on the path: only the shell's own
# commands are used, so that it runs with an empty environment.
#
#   DEPTHSCOPE_HEAP        Java's heap limit, such as 2g (default 768m)
#   DEPTHSCOPE_JAVA_OPTS   more options for Java; they win over the defaults
set -euf
unset CDPATH

path=$0
case $path in
  */*) ;;
  *) path=./$path ;;
esac
# Through symbolic links to this file; the shell itself cannot read where one points.
while [ -L "$path" ]; do
  for readlink in readlink /usr/bin/readlink /bin/readlink ''; do
    if [ -z "$readlink" ]; then
      echo "depthscope: $path is a symbolic link, and there is no readlink to follow it" >&2
      exit 1
    fi
    if command -v "$readlink" >/dev/null 2>&1; then break; fi
  done
  target=$("$readlink" -- "$path")
  case $target in
    /*) path=$target ;;
    *) path=${path%/*}/$target ;;
  esac
done
home=$(cd -P -- "${path%/*}/" && pwd)

if [ ! -x "$home/runtime/bin/java" ] || [ ! -f "$home/depthscope.jar" ]; then
  echo "depthscope: runtime/ or depthscope.jar is missing in $home; unpack the bundle again" >&2
  exit 1
fi

# The extra options are several words in one variable; -f above keeps them from being taken for file names.
# shellcheck disable=SC2086
exec "$home/runtime/bin/java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
  -Djava.awt.headless=true -XX:+UseSerialGC "-Xmx${DEPTHSCOPE_HEAP:-768m}" ${DEPTHSCOPE_JAVA_OPTS:-} \
  -jar "$home/depthscope.jar" "$@"
