#!/usr/bin/env bash
# Tests the launcher with a stand-in for Java, which prints what it was given, and one for Maven.
# Takes a few seconds and touches nothing outside a temporary folder.
set -euo pipefail

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# A project in a folder with spaces in its name.
project="$work/a project"
mkdir -p "$project/src/main/java" "$project/test-data/models" "$work/bin" "$work/elsewhere"
cp "$root/depthscope" "$project/"
touch "$project/pom.xml" "$project/LICENSE" "$project/src/main/java/A.java"

make_jdk() { # folder version
  mkdir -p "$1/bin"
  echo "JAVA_VERSION=\"$2\"" >"$1/release"
  cat >"$1/bin/java" <<'JAVA'
#!/usr/bin/env bash
echo "java: ${BASH_SOURCE[0]}"
echo "locale: LC_ALL=${LC_ALL:-} LC_CTYPE=${LC_CTYPE:-} LC_MESSAGES=${LC_MESSAGES:-} LANG=${LANG:-}"
for argument in "$@"; do echo "<$argument>"; done
if [[ -n ${FAKE_SLEEP:-} ]]; then
  trap 'echo terminated; exit 143' TERM
  echo started
  for ((i = 0; i < 100; i++)); do sleep 0.1; done
fi
exit "${FAKE_EXIT:-0}"
JAVA
  cp "$1/bin/java" "$1/bin/javac"
  chmod +x "$1/bin/java" "$1/bin/javac"
}
make_jdk "$work/jdks/jdk-25.0.1" 25.0.1
make_jdk "$work/old/jdk-17" 17.0.9

cat >"$work/bin/mvn" <<'MVN'
#!/usr/bin/env bash
echo "build" >>"$BUILDS"
echo "maven says this"
sleep "${FAKE_BUILD_SECONDS:-0}"
[[ -z ${FAKE_BUILD_FAILS:-} ]] || exit 1
while [[ $# -gt 0 && $1 != -f ]]; do shift; done
echo jar >"$(dirname "$2")/target/depthscope.jar"
MVN
chmod +x "$work/bin/mvn"

export BUILDS="$work/builds" DEPTHSCOPE_JDK_PATH="$work/jdks" JAVA_HOME="$work/old/jdk-17"
unset DEPTHSCOPE_JAVA_HOME DEPTHSCOPE_JAVA_OPTS DEPTHSCOPE_HEAP
# No java and no mvn but these: the tools the launcher needs and nothing else.
for tool in bash env dirname readlink find grep cat mkdir touch rm sleep flock; do
  if found=$(command -v "$tool"); then ln -s "$found" "$work/bin/$tool"; fi
done
cd "$work/elsewhere"

launch() { # arguments; leaves output and code
  code=0
  output=$(PATH="$work/bin" "$project/depthscope" "$@" 2>&1) || code=$?
}
builds() { if [[ -f $BUILDS ]]; then wc -l <"$BUILDS" | tr -d ' '; else echo 0; fi; }
check() { # what, condition
  if (eval "$2"); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  code %s, %s builds, output:\n%s\n' "$1" "$code" "$(builds)" "$output"
  fi
}

DEPTHSCOPE_JDK_PATH="$work/old" launch --version
check "no JDK 25 is one clear line" '[[ $code == 1 && $output == "depthscope: no JDK 25 found; install one"* && $output != *$'"'\n'"'* ]]'
DEPTHSCOPE_JAVA_HOME="$work/old/jdk-17" launch --version
check "a wrong DEPTHSCOPE_JAVA_HOME is not passed over" '[[ $code == 1 && $output == *"jdk-17 is no JDK 25" ]]'

mv "$work/bin/mvn" "$work/mvn"
launch --version
check "a missing Maven is named" '[[ $code == 1 && $output == *"Maven is needed"* ]]'
mv "$work/mvn" "$work/bin/mvn"

FAKE_BUILD_FAILS=1 launch --version
check "a failed build shows its output" '[[ $code == 1 && $output == *"maven says this"*"the build failed"* ]]'
check "a failed build leaves no jar" '[[ ! -e $project/target/depthscope.jar ]]'

rm -f "$BUILDS"
launch analyze --out "a b" "*"
check "the first run builds and says so" '[[ $code == 0 && $(builds) == 1 && $output == *"building target/depthscope.jar"* ]]'
check "a good build is quiet" '[[ $output != *"maven says this"* ]]'
check "arguments arrive as they are" '[[ $output == *"<analyze>"*"<--out>"*"<a b>"*"<*>" ]]'
check "the jar is run with the vector module" '[[ $output == *"<--add-modules=jdk.incubator.vector>"*"<-Xmx768m>"*"<-jar>"*"<$project/target/depthscope.jar>"* ]]'
launch analyze
check "a fresh jar is not built again" '[[ $code == 0 && $(builds) == 1 && $output != *building* ]]'

FAKE_EXIT=37 launch analyze
check "the exit code is passed on" '[[ $code == 37 ]]'

DEPTHSCOPE_HEAP=2g DEPTHSCOPE_JAVA_OPTS="-Xss2m -Da=*" launch
check "heap and Java options are passed on" '[[ $output == *"<-Xmx2g>"*"<-Xss2m>"*"<-Da=*>"*"<-jar>"* ]]'

JAVA_HOME="$work/jdks/jdk-25.0.1" DEPTHSCOPE_JDK_PATH="$work/old" launch
check "JAVA_HOME is used if it is a JDK 25" '[[ $code == 0 && $output == "java: $work/jdks/jdk-25.0.1/bin/java"* ]]'

ln -s "$work/jdks/jdk-25.0.1/bin/java" "$work/bin/java"
DEPTHSCOPE_JDK_PATH="$work/old" launch
check "java on the path is used if it is version 25" '[[ $code == 0 ]]'
rm "$work/bin/java"

ln -s "$project/depthscope" "$work/elsewhere/first"
ln -s first "$work/elsewhere/second"
code=0
output=$(PATH="$work/bin" "$work/elsewhere/second" x 2>&1) || code=$?
check "symbolic links are followed" '[[ $code == 0 && $output == *"<$project/target/depthscope.jar>"* ]]'

for changed in src/main/java/A.java pom.xml test-data/models/new.safetensors; do
  rm -f "$BUILDS"
  sleep 0.02
  touch "$project/$changed"
  launch analyze
  check "a newer $changed builds the jar again" '[[ $code == 0 && $(builds) == 1 ]]'
done
rm -f "$BUILDS"
sleep 0.02
rm "$project/test-data/models/new.safetensors"
launch analyze
check "a deleted file builds the jar again" '[[ $code == 0 && $(builds) == 1 ]]'

if command -v flock >/dev/null; then
  rm -f "$BUILDS" "$project/target/depthscope.jar"
  FAKE_BUILD_SECONDS=0.5 launch one >/dev/null &
  first=$!
  FAKE_BUILD_SECONDS=0.5 launch two
  wait "$first" || code=$?
  check "two first runs at once build once" '[[ $code == 0 && $(builds) == 1 ]]'
fi

FAKE_SLEEP=1 PATH="$work/bin" "$project/depthscope" >"$work/signal" 2>&1 &
running=$!
for ((i = 0; i < 100; i++)); do
  ! grep -qs started "$work/signal" || break
  sleep 0.1
done
kill -TERM "$running"
code=0
wait "$running" || code=$?
output=$(cat "$work/signal")
check "a signal reaches Java" '[[ $code == 143 && $output == *terminated ]]'

# A stand-in for locale: UTF-8 if all that is set is installed and characters are UTF-8, as C libraries see it.
cat >"$work/bin/locale" <<'LOCALE'
#!/usr/bin/env bash
characters=${LC_ALL:-${LC_CTYPE:-${LANG:-C}}} messages=${LC_ALL:-${LC_MESSAGES:-${LANG:-C}}}
for name in "$characters" "$messages" ${LC_ALL:-${LANG:-}}; do
  [[ " C POSIX $INSTALLED " == *" $name "* ]] || echo "locale: Cannot set LC_ALL to default locale" >&2
done
if [[ $characters == *.UTF-8 && " $INSTALLED " == *" $characters "* ]]; then echo UTF-8; else echo ANSI_X3.4-1968; fi
LOCALE
chmod +x "$work/bin/locale"
in_locale() { # what is installed, variables, what Java is to get
  code=0
  output=$(env -u LC_ALL -u LC_CTYPE -u LC_MESSAGES -u LANG PATH="$work/bin" INSTALLED="$1" ${2:+$2} "$project/depthscope" 2>&1) || code=$?
  expected="locale: $3"
  check "installed '$1', set '$2': Java gets $3" '[[ $code == 0 && $output == *"$expected"$'"'\n'"'* ]]'
}
in_locale "C.UTF-8" "" "LC_ALL= LC_CTYPE=C.UTF-8 LC_MESSAGES=C LANG="
in_locale "C.UTF-8" "LC_ALL=C" "LC_ALL= LC_CTYPE=C.UTF-8 LC_MESSAGES=C LANG="
in_locale "C.UTF-8 de_DE" "LANG=de_DE" "LC_ALL= LC_CTYPE=C.UTF-8 LC_MESSAGES=de_DE LANG="
in_locale "C.UTF-8" "LANG=ja_JP.UTF-8" "LC_ALL=C.UTF-8 LC_CTYPE= LC_MESSAGES= LANG=ja_JP.UTF-8"
in_locale "C.UTF-8 tr_TR.UTF-8" "LANG=tr_TR.UTF-8" "LC_ALL= LC_CTYPE= LC_MESSAGES= LANG=tr_TR.UTF-8"
in_locale "en_US.UTF-8" "" "LC_ALL= LC_CTYPE=en_US.UTF-8 LC_MESSAGES=C LANG="
in_locale "" "LANG=C" "LC_ALL= LC_CTYPE= LC_MESSAGES= LANG=C"
rm "$work/bin/locale"
utf8_rule() { sed -n '/^# Java reads file names/,/^}/p' "$1"; }
output=
check "both launchers choose the locale alike" '[[ $(utf8_rule "$root/depthscope") == *use_utf8* &&
  $(utf8_rule "$root/depthscope") == "$(utf8_rule "$root/tools/bundle/launcher.sh")" ]]'

mkdir "$work/bundle"
cp "$project/depthscope" "$work/bundle/"
code=0
output=$(PATH="$work/bin" "$work/bundle/depthscope" 2>&1) || code=$?
check "a launcher alone says what is missing" '[[ $code == 1 && $output == *"neither sources nor depthscope.jar"* ]]'
touch "$work/bundle/depthscope.jar"
code=0
output=$(PATH="$work/bin" "$work/bundle/depthscope" 2>&1) || code=$?
check "a jar beside the launcher is run" '[[ $code == 0 && $output == *"<$work/bundle/depthscope.jar>" ]]'

echo "launcher: $passed passed, $failed failed"
[[ $failed == 0 ]]
