"""The same sources under nvcc: do they compile for every GPU it knows, and with how many registers.

nvcc also makes fat binaries, which only drivers of CUDA 13 load. They are not committed: those drivers take the PTX as
well and assemble it for the very chip.
"""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.kernels import registers
from tools.kernels.failure import Failure

FLAGS = ["-std=c++17", "-O3", "-fmad=false", "--expt-relaxed-constexpr", "-Xptxas=-v"]
ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120]


def compile_all(
    kernels: Path, sources: list[str], images: Path, match: str, chosen: list[int] | None, fatbin: Path | None
) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        raise Failure("nvcc is missing; it comes with a CUDA toolkit", 3)
    listed = subprocess.run([nvcc, "--list-gpu-code"], capture_output=True, text=True, check=False).stdout
    known = {int(number) for number in re.findall(r"sm_(\d+)\b", listed)}
    unknown = sorted(set(chosen or []) - known)
    if unknown or not known:
        raise Failure(f"this nvcc does not know sm_{unknown[0] if unknown else 75}", 3)
    architectures = [a for a in chosen or ARCHITECTURES if a in known]
    with tempfile.TemporaryDirectory() as temporary:
        folder = fatbin or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)

        def compile_source(source: str) -> str:
            output = folder.resolve() / (Path(source).stem + ".fatbin")
            command = [nvcc, *FLAGS, "-fatbin", "-I.", "-o", str(output), source]
            command += [f"-gencode=arch=compute_{a},code=sm_{a}" for a in architectures]
            done = subprocess.run(command, cwd=kernels, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failure(f"{source} does not compile with nvcc:\n{done.stderr.rstrip()}")
            log = Path(temporary, source + ".log")
            log.write_text(done.stderr)
            return str(log)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            logs = list(pool.map(compile_source, sources))
        size = sum((folder / (Path(source).stem + ".fatbin")).stat().st_size for source in sources)
        names = ", ".join(f"sm_{a}" for a in architectures)
        registers.run_java(images, "logs", match, *logs)
        print(f"{len(sources)} sources compile for {names}: fat binaries of {size / 1024:.0f} KiB")
