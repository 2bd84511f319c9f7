#include "ptx.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <set>
#include <unordered_map>

#include "report.h"
#include "status.h"

namespace emulator {
namespace {

constexpr size_t kKnownModules = 64;

struct Malformed {
  int status;
  std::string problem;
};

// Words of PTX: names with their dots and percent signs, numbers, strings, and single characters.
class Words {
 public:
  explicit Words(const char* text) : at_(text) { next(); }

  const std::string& word() const { return word_; }
  bool ended() const { return word_.empty(); }
  bool is(const char* wanted) const { return word_ == wanted; }

  std::string take() {
    std::string taken = word_;
    if (ended()) fail("the text ends in the middle");
    next();
    return taken;
  }

  void expect(const char* wanted) {
    if (!is(wanted)) fail(std::string("expected ") + wanted + " and found " + (ended() ? "the end" : word_));
    next();
  }

  void skipLine() {
    while (*at_ != 0 && *at_ != '\n') ++at_;
    next();
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Malformed{invalidPtx, text("line %d: %s", line_, problem.c_str())};
  }

 private:
  static bool inName(char c) { return isalnum(static_cast<unsigned char>(c)) || strchr("_.$%", c) != nullptr; }

  void next() {
    skipSpace();
    const char* start = at_;
    if (*at_ == '"') {
      ++at_;
      while (*at_ != 0 && *at_ != '"' && *at_ != '\n') ++at_;
      if (*at_ != '"') fail("a string does not end");
      ++at_;
    } else if (*at_ != 0 && inName(*at_)) {
      while (*at_ != 0 && inName(*at_)) ++at_;
    } else if (*at_ != 0) {
      if (!isprint(static_cast<unsigned char>(*at_))) fail("a character that is not text");
      ++at_;
    }
    word_.assign(start, at_);
  }

  void skipSpace() {
    for (;;) {
      if (*at_ == '\n') ++line_;
      if (*at_ != 0 && isspace(static_cast<unsigned char>(*at_))) {
        ++at_;
      } else if (at_[0] == '/' && at_[1] == '/') {
        while (*at_ != 0 && *at_ != '\n') ++at_;
      } else if (at_[0] == '/' && at_[1] == '*') {
        const char* end = strstr(at_ + 2, "*/");
        if (end == nullptr) fail("a comment does not end");
        for (; at_ < end; ++at_) line_ += *at_ == '\n';
        at_ += 2;
      } else {
        return;
      }
    }
  }

  const char* at_;
  int line_ = 1;
  std::string word_;
};

// The first parts of instructions' names.
const std::set<std::string>& instructions() {
  static const std::set<std::string> names = {
      "abs",     "activemask", "add",     "addc",      "and",      "applypriority", "atom",     "bar",
      "barrier", "bfe",        "bfi",     "bfind",     "bmsk",     "bra",           "brev",     "brkpt",
      "brx",     "call",       "clusterlaunchcontrol", "clz",      "cnot",          "copysign", "cos",
      "cp",      "createpolicy", "cvt",   "cvta",      "discard",  "div",           "dp2a",     "dp4a",
      "elect",   "ex2",        "exit",    "fence",     "fma",      "fns",           "griddepcontrol",
      "isspacep", "istypep",   "ld",      "ldmatrix",  "ldu",      "lg2",           "lop3",     "mad",
      "mad24",   "madc",       "mapa",    "match",     "max",      "mbarrier",      "membar",   "min",
      "mma",     "mov",        "movmatrix", "mul",     "mul24",    "multimem",      "nanosleep", "neg",
      "not",     "or",         "pmevent", "popc",      "prefetch", "prefetchu",     "prmt",     "rcp",
      "red",     "redux",      "rem",     "ret",       "rsqrt",    "sad",           "selp",     "set",
      "setmaxnreg", "setp",    "shf",     "shfl",      "shl",      "shr",           "sin",      "slct",
      "sqrt",    "st",         "stmatrix", "sub",      "subc",     "szext",         "tanh",     "tcgen05",
      "testp",   "trap",       "vote",    "wgmma",     "wmma",     "xor",           "vabsdiff", "vadd",
      "vmad",    "vmax",       "vmin",    "vset",      "vshl",     "vshr",          "vsub"};
  return names;
}

size_t typeBytes(const Words& words, const std::string& type) {
  static const char* const kKinds = "busf";
  if (type.size() >= 3 && type[0] == '.' && strchr(kKinds, type[1]) != nullptr) {
    const int bits = atoi(type.c_str() + 2);
    if (bits == 8 || bits == 16 || bits == 32 || bits == 64) return static_cast<size_t>(bits) / 8;
  }
  words.fail("unknown type " + type + " of a parameter");
}

// .param [.align n] type [.ptr ...] name [ '[' n ']' ]
size_t readParameter(Words& words) {
  words.expect(".param");
  if (words.is(".align")) {
    words.take();
    words.take();
  }
  size_t bytes = typeBytes(words, words.take());
  while (!words.ended() && words.word()[0] == '.') {
    const std::string attribute = words.take();
    if (attribute == ".align") words.take();
  }
  words.take();
  if (words.is("[")) {
    words.take();
    bytes *= strtoull(words.take().c_str(), nullptr, 10);
    words.expect("]");
  }
  return bytes;
}

// Goes through a body up to its closing brace and looks at the first word of every statement.
void readBody(Words& words) {
  words.expect("{");
  for (;;) {
    if (words.is("}")) {
      words.take();
      return;
    }
    if (words.is("{")) {
      readBody(words);
      continue;
    }
    if (words.is(".loc") || words.is(".file")) {
      words.skipLine();
      continue;
    }
    if (words.is("@")) {
      words.take();
      if (words.is("!")) words.take();
      words.take();
    }
    const std::string first = words.take();
    if (words.is(":")) {
      words.take();
      continue;
    }
    if (first[0] != '.' && instructions().count(first.substr(0, first.find('.'))) == 0) {
      words.fail("no instruction is called " + first);
    }
    int depth = 0;
    while (!words.is(";") || depth != 0) {
      if (words.is("{")) ++depth;
      if (words.is("}") && --depth < 0) words.fail("a statement without its semicolon");
      words.take();
    }
    words.take();
  }
}

void readEntry(Words& words, PtxModule& module) {
  PtxEntry entry;
  entry.name = words.take();
  if (words.is("(")) {
    words.take();
    while (!words.is(")")) {
      if (!entry.parameter_bytes.empty()) words.expect(",");
      entry.parameter_bytes.push_back(readParameter(words));
    }
    words.take();
  }
  while (!words.is("{")) {
    const std::string directive = words.take();
    if (directive != ".maxntid") continue;
    entry.max_threads = 1;
    for (;;) {
      entry.max_threads *= static_cast<unsigned>(strtoul(words.take().c_str(), nullptr, 10));
      if (!words.is(",")) break;
      words.take();
    }
  }
  readBody(words);
  module.entries.push_back(entry);
}

// A function or a variable: up to its semicolon or over its body.
void skipDeclaration(Words& words) {
  bool function = false;
  for (;;) {
    if (words.is(".func")) function = true;
    if (words.is(";")) break;
    if (words.is("{")) {
      if (function) {
        readBody(words);
        return;
      }
      int depth = 0;
      do {
        if (words.is("{")) ++depth;
        if (words.is("}")) --depth;
        words.take();
      } while (depth != 0);
      if (words.is(";")) words.take();
      return;
    }
    words.take();
  }
  words.take();
}

int versionNumber(const std::string& text) {
  const char* dot = strchr(text.c_str(), '.');
  return dot == nullptr ? 0 : atoi(text.c_str()) * 10 + atoi(dot + 1);
}

void readModule(Words& words, PtxModule& module) {
  if (!words.is(".version")) throw Malformed{invalidImage, "it does not begin with .version"};
  words.take();
  module.version = versionNumber(words.take());
  if (module.version == 0) words.fail("a version that is not a number");
  words.expect(".target");
  const std::string target = words.take();
  if (target.compare(0, 3, "sm_") != 0 || (module.target = atoi(target.c_str() + 3)) == 0) {
    words.fail("unknown target " + target);
  }
  while (words.is(",")) {
    words.take();
    words.take();
  }
  while (!words.ended()) {
    if (words.is(".address_size")) {
      words.take();
      words.expect("64");
    } else if (words.is(".visible") || words.is(".extern") || words.is(".weak")) {
      words.take();
      if (words.ended()) words.fail("the text ends in the middle");
    } else if (words.is(".entry")) {
      words.take();
      readEntry(words, module);
    } else if (words.is(".file")) {
      words.skipLine();
    } else if (words.word()[0] == '.') {
      skipDeclaration(words);
    } else {
      words.fail("unexpected " + words.word());
    }
  }
}

}  // namespace

int readPtx(const char* text, PtxModule& module, std::string& problem) {
  // Tests load the same few megabytes again and again.
  static auto* const known = new std::unordered_map<std::string, PtxModule>;
  const auto found = known->find(text);
  if (found != known->end()) {
    module = found->second;
    return success;
  }
  try {
    Words words(text);
    readModule(words, module);
    if (known->size() < kKnownModules) (*known)[text] = module;
    return success;
  } catch (const Malformed& malformed) {
    problem = malformed.problem;
    return malformed.status;
  }
}

int newestPtx(int driver_version) {
  static const int kVersions[][2] = {
      {13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12050, 85}, {12040, 84}, {12030, 83}, {12020, 82},
      {12010, 81}, {12000, 80}, {11080, 78}, {11070, 77}, {11060, 76}, {11050, 75}, {11040, 74}, {11030, 73},
      {11020, 72}, {11010, 71}, {11000, 70}, {10020, 65}, {10010, 64}, {10000, 63}, {9020, 62},  {9010, 61}};
  for (const auto& version : kVersions) {
    if (driver_version >= version[0]) return version[1];
  }
  return 60;
}

}  // namespace emulator
