# Prints, for every kernel, the shared variables that it and the functions it calls use, as rows of a C++ table:
#     {"kernel", offset into the thread-local storage of the library, bytes},
# and last the row of the variable `position`, from whose address those of all others follow.
#
# Input: what readelf --wide --symbols --relocs says of each object of kernels, then --symbols of the library.
# A function has a section of its own (-ffunction-sections), so that the relocations of a section are its references.

/^File: / { file = $2; in_library = file ~ /\.so/; next }

/^Relocation section / {
  section = $3
  gsub(/'/, "", section)
  from = section ~ /^\.rela?\.text\./ ? plain(section) : ""
  next
}

# Num: Value Size Type Bind Vis Ndx Name
$1 ~ /^[0-9]+:$/ && $4 == "TLS" && $7 != "UND" {
  if (!in_library) shared[file, $8] = 1
  else if (!(($8, $2) in placed)) {
    placed[$8, $2] = 1
    size = $3 ~ /^0x/ ? from_hex(substr($3, 3)) : $3
    rows[$8] = rows[$8] sprintf("%s%d, %d", rows[$8] == "" ? "" : ";", from_hex($2), size)
  }
}
$1 ~ /^[0-9]+:$/ && $4 == "FUNC" && $5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" && !in_library {
  kernels[++count] = file SUBSEP $8
}

# Offset Info Type Value Name - Addend
from != "" && $1 ~ /^[0-9a-f]+$/ && NF >= 5 {
  to = plain($5)
  edge = file SUBSEP from
  if (!((edge, to) in known)) {
    known[edge, to] = 1
    references[edge] = references[edge] " " to
  }
}

END {
  for (i = 1; i <= count; ++i) {
    split("", seen)
    split("", used)
    split(kernels[i], name, SUBSEP)
    visit(name[1], name[2])
    for (variable in used) print_rows(name[2], variable)
  }
  print_rows("", "_ZN8emulated8positionE")
}

# The name of a function, without that of its section and of the part the compiler set aside.
function plain(text) {
  sub(/^\.rela?\./, ".", text)
  sub(/^\.text\./, "", text)
  sub(/^(unlikely|hot|startup|exit)\./, "", text)
  sub(/\.cold$/, "", text)
  return text
}

function visit(file, function_name,    parts, n, i) {
  if (function_name in seen) return
  seen[function_name] = 1
  n = split(references[file SUBSEP function_name], parts, " ")
  for (i = 1; i <= n; ++i) {
    if ((file, parts[i]) in shared) used[parts[i]] = 1
    else visit(file, parts[i])
  }
}

function print_rows(kernel, variable,    places, n, i) {
  n = split(rows[variable], places, ";")
  for (i = 1; i <= n; ++i) printf "    {\"%s\", %s},\n", kernel, places[i]
}

function from_hex(digits,    value, i) {
  value = 0
  digits = tolower(digits)
  for (i = 1; i <= length(digits); ++i) value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
  return value
}
