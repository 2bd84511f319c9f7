#!/bin/sh
# Starts Depthscope with the Java runtime beside this file. Nothing is looked for on the path: only the shell's own
# commands are used, so that it runs with an empty environment.
#
#   DEPTHSCOPE_HEAP        Java's heap limit, such as 2g (default 768m)
#   DEPTHSCOPE_JAVA_OPTS   more options for Java; they win over the defaults
set -euf
unset CDPATH

# Java reads file names and arguments in the locale's encoding. Where that is not UTF-8 names such as "modèle" cannot
# be opened, so characters get a UTF-8 locale; messages keep theirs where the system has it. If there is no UTF-8
# locale to be had, Java reports the names that it cannot read.
# (The same in ./depthscope and tools/bundle/launcher.sh.)
use_utf8() {
  for locale in locale /usr/bin/locale ''; do
    if [ -z "$locale" ] || command -v "$locale" >/dev/null 2>&1; then break; fi
  done
  if [ -z "$locale" ]; then # by its name alone, then
    case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
      *[Uu][Tt][Ff]-8* | *[Uu][Tt][Ff]8*) ;;
      *) export LC_ALL=C.UTF-8 ;;
    esac
    return 0
  fi
  # A locale that is not installed is a complaint here, and ASCII to Java.
  if [ "$("$locale" charmap 2>&1)" = UTF-8 ]; then return 0; fi
  messages=${LC_ALL:-${LC_MESSAGES:-${LANG:-C}}}
  for utf8 in C.UTF-8 en_US.UTF-8; do
    if [ "$(LC_ALL='' LC_CTYPE=$utf8 LC_MESSAGES=$messages LANG='' "$locale" charmap 2>&1)" = UTF-8 ]; then
      export LC_ALL='' LC_CTYPE="$utf8" LC_MESSAGES="$messages" LANG=''
      return 0
    fi
    if [ "$(LC_ALL=$utf8 "$locale" charmap 2>&1)" = UTF-8 ]; then
      export LC_ALL="$utf8"
      return 0
    fi
  done
}

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

use_utf8
# The extra options are several words in one variable; -f above keeps them from being taken for file names.
# shellcheck disable=SC2086
exec "$home/runtime/bin/java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
  -Djava.awt.headless=true -XX:+UseSerialGC "-Xmx${DEPTHSCOPE_HEAP:-768m}" ${DEPTHSCOPE_JAVA_OPTS:-} \
  -jar "$home/depthscope.jar" "$@"
