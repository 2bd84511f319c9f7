# Reads a preprocessed kernel file and prints a C++ registration for each kernel in it.
#
# A kernel looks like
#     extern "C" [[emulated::kernel, ...]] void [[emulated::bounds(256, 2)]] name(...)
# where the bounds may also stand before the void, or be missing. It may be broken over lines.

/^#/ { next }

{
  text = text == "" ? $0 : text " " $0
  for (;;) {
    start = index(text, "[[emulated::kernel")
    if (start == 0) { text = ""; break }
    text = substr(text, start)
    if (!take_kernel()) break
  }
}

END {
  if (failed) exit 1
}

# Takes one kernel from the front of `text`; 0 if its head is not complete yet.
function take_kernel(    rest, bounds, name, opened) {
  rest = text
  bounds = ""
  for (;;) {
    sub(/^[ \t]+/, "", rest)
    if (substr(rest, 1, 2) == "[[") {
      opened = index(rest, "]]")
      if (opened == 0) return 0
      if (substr(rest, 1, 19) == "[[emulated::bounds(") bounds = substr(rest, 20, opened - 21)
      rest = substr(rest, opened + 2)
    } else if (match(rest, /^void[^A-Za-z0-9_]/)) {
      rest = substr(rest, 5)
    } else {
      break
    }
  }
  if (match(rest, /^[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/) == 0) {
    if (rest == "" || rest ~ /^[A-Za-z0-9_ \t]*$/) return 0
    print "not a kernel: " substr(rest, 1, 60) > "/dev/stderr"
    failed = 1
    text = substr(text, 3)
    return 1
  }
  name = substr(rest, 1, RLENGTH - 1)
  sub(/[ \t]+$/, "", name)
  printf "static const emulated::Registration<&%s> emulated_registration_of_%s(\"%s\", {%s});\n", name, name, name, bounds
  text = substr(rest, RLENGTH)
  return 1
}
