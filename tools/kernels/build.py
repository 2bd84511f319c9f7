"""Builds kernels/*.cu to the PTX under kernels/ptx, which is committed: clang alone, no CUDA toolkit.

An image names the files it was made from and their hash, so that a stale one is found without a compiler. The same
sources give the same bytes on every machine. Exit status: 0 done, 1 stale or broken, 2 usage, 3 a tool is missing.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.kernels import nvcc, registers
from tools.kernels.failure import ROOT, Failure

KERNELS = ROOT / "kernels"
IMAGES = KERNELS / "ptx"

# Other versions write other code, which no test has assembled.
CLANG_VERSION = "14.0.6"
CLANG_FLAGS = [
    *("-x", "cuda", "-std=c++17", "--cuda-device-only", "-S", "-O3", "-ffp-contract=off"),
    *("-Wall", "-Wextra", "-Werror"),
    # Else the two stores of `if (c) s.a = x; else s.b = y;` become one to a chosen address, and s lies in local memory.
    *("-mllvm", "-sink-common-insts=false"),
    # Nothing of the machine: no toolkit, no C library.
    *("--cuda-path=/dev/null", "-nocudainc", "-nocudalib", "-nostdlibinc"),
]

# The oldest instruction set each architecture is built with, so that the oldest drivers take it.
PTX_VERSIONS = {"sm_75": "6.3", "sm_80": "7.0"}
BASELINE = "sm_75"

TITLE = "// Made by tools/build-kernels from the files below; do not edit."


@dataclass(frozen=True)
class Image:
    """One PTX file: a source for an architecture."""

    source: str
    architecture: str

    @property
    def path(self) -> str:
        return f"{self.architecture}/{Path(self.source).stem}.ptx"


def images(kernels: Path) -> list[Image]:
    """Every source for the baseline, and for those architectures its line `// Images: sm_75 sm_80` names."""
    sources = sorted(kernels.glob("*.cu"))
    if not sources:
        raise Failure(f"no *.cu in {kernels}")
    found = []
    for source in sources:
        line = re.search(r"^// Images:(.*)$", source.read_text(), re.MULTILINE)
        architectures = line.group(1).split() if line else [BASELINE]
        if BASELINE not in architectures or not set(architectures) <= set(PTX_VERSIONS):
            raise Failure(
                f"{source.name}: images for {' '.join(architectures)}; sm_75 must be, sm_80 may be among them"
            )
        found += [Image(source.name, architecture) for architecture in sorted(set(architectures))]
    return found


def sources_hash(kernels: Path, sources: list[str]) -> str:
    """What `sha256sum FILES | sha256sum` prints in kernels/."""
    lines = [f"{hashlib.sha256((kernels / name).read_bytes()).hexdigest()}  {name}\n" for name in sources]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def header(kernels: Path, sources: list[str]) -> str:
    return f"{TITLE}\n// sources: {' '.join(sources)}\n// sha256: {sources_hash(kernels, sources)}\n"


def staleness(kernels: Path, directory: Path) -> list[str]:
    """A line for each image that is missing, not of these sources, or of no source."""
    wrong = []
    wanted = images(kernels)
    for image in wanted:
        path = directory / image.path
        if not path.is_file():
            wrong.append(f"{image.path} is missing")
            continue
        lines = path.read_text().splitlines()[:3]
        named = lines[1].removeprefix("// sources:").split() if len(lines) == 3 else []
        if image.source not in named or not all((kernels / name).is_file() for name in named):
            wrong.append(f"{image.path} does not name its sources")
        elif "\n".join(lines) + "\n" != header(kernels, named):
            wrong.append(f"{image.path} is older than its sources")
    known = {image.path for image in wanted}
    for path in sorted(directory.glob("*/*.ptx")):
        name = path.relative_to(directory).as_posix()
        if name not in known:
            wrong.append(f"{name} has no source")
    return wrong


def find_clang() -> str:
    clang = shutil.which("clang-14") or shutil.which("clang")
    if clang is None:
        raise Failure(f"clang {CLANG_VERSION} is missing (Debian 12: apt-get install clang-14)", 3)
    text = subprocess.run([clang, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"clang version (\d+\.\d+\.\d+)", text)
    if version is None or version.group(1) != CLANG_VERSION:
        found = version.group(1) if version else "of an unknown version"
        raise Failure(f"{clang} is clang {found}; {CLANG_VERSION} is needed, since others write other code", 3)
    return clang


def compile_image(clang: str, kernels: Path, image: Image) -> str:
    """The PTX with its header, the same on every machine."""
    version = PTX_VERSIONS[image.architecture]
    with tempfile.TemporaryDirectory() as temporary:
        output, dependencies = Path(temporary, "image.ptx"), Path(temporary, "image.d")
        command = [clang, *CLANG_FLAGS, f"--cuda-gpu-arch={image.architecture}"]
        command += ["-Xclang", "-target-feature", "-Xclang", "+ptx" + version.replace(".", "")]
        command += ["-I", ".", "-MMD", "-MT", "image", "-MF", str(dependencies), "-o", str(output), image.source]
        # In kernels/, so that all paths the compiler sees are relative.
        done = subprocess.run(command, cwd=kernels, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{image.source} does not compile for {image.architecture}:\n{done.stderr.rstrip()}")
        code = output.read_text()
        words = dependencies.read_text().replace("\\\n", " ").split()[1:]
    sources = sorted({Path(word).as_posix() for word in words})
    for outside in (name for name in sources if name.startswith(("/", "..")) or not (kernels / name).is_file()):
        raise Failure(f"{image.source} includes {outside}, which is not under kernels/")
    for line in (f".version {version}\n", f".target {image.architecture}\n"):
        if line not in code:
            raise Failure(f"{image.path}: the compiler did not write '{line.strip()}'")
    body = code[code.index(".version ") :]
    body = "\n".join(line.rstrip() for line in body.splitlines()) + "\n"
    return header(kernels, sources) + "\n" + body


def build(kernels: Path, directory: Path) -> None:
    wanted = images(kernels)
    clang = find_clang()
    with ThreadPoolExecutor() as pool:
        texts = list(pool.map(lambda image: compile_image(clang, kernels, image), wanted))
    changed = 0
    for image, text in zip(wanted, texts, strict=True):
        path = directory / image.path
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changed += 1
    known = {directory / image.path for image in wanted}
    for path in sorted(directory.glob("*/*.ptx")):
        if path not in known:
            path.unlink()
    size = sum(len(text) for text in texts)
    print(f"{len(wanted)} images, {size / 1024:.0f} KiB, {changed} changed")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/build-kernels",
        description="Builds kernels/*.cu to kernels/ptx with clang alone. The options below do something else instead.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only compare hashes of sources; needs no compiler")
    what.add_argument("--registers", action="store_true", help="print registers and spills of the images")
    what.add_argument("--report", action="store_true", help="build, then write bench/results/ptx/registers.*")
    what.add_argument("--nvcc", action="store_true", help="compile the sources with nvcc for all GPUs, print registers")
    parser.add_argument("--match", default="", metavar="REGEX", help="with --registers, --nvcc: only these kernels")
    parser.add_argument("--sm", nargs="+", type=int, metavar="N", help="with --registers, --nvcc: only for these")
    parser.add_argument("--ptxas", action="store_true", help="with --registers: the toolkit's ptxas, not JCuda's")
    parser.add_argument("--fatbin", type=Path, metavar="DIR", help="with --nvcc: keep fat binaries for CUDA 13 here")
    parser.add_argument("--kernels", type=Path, default=KERNELS, metavar="DIR", help="sources, instead of kernels/")
    parser.add_argument("--out", type=Path, metavar="DIR", help="images, instead of ptx/ beside the sources")
    options = parser.parse_args(arguments)
    kernels = options.kernels.resolve()
    directory = (options.out or kernels / "ptx").resolve()
    try:
        if options.check:
            wrong = staleness(kernels, directory)
            for line in wrong:
                print(f"build-kernels: {line}; run tools/build-kernels", file=sys.stderr)
            return 1 if wrong else 0
        if options.registers:
            if options.ptxas:
                registers.print_of_ptxas(directory, options.match, options.sm)
            else:
                registers.print_of_jcuda(directory, options.match, options.sm)
        elif options.nvcc:
            sources = sorted({image.source for image in images(kernels)})
            nvcc.compile_all(kernels, sources, directory, options.match, options.sm, options.fatbin)
        else:
            build(kernels, directory)
            if options.report:
                registers.write_report(directory, ROOT / "bench" / "results" / "ptx")
        return 0
    except Failure as failure:
        print(f"build-kernels: {failure}", file=sys.stderr)
        return failure.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
