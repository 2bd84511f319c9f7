"""Asks RegisterReport (Java, among the tests) what the kernels need; it is run from source, without Maven."""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.kernels.failure import ROOT, Failure

PROGRAM = ROOT / "src/test/java/io/depthscope/backend/cuda/RegisterReport.java"
PTXAS_ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120]


def find_java() -> str:
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    homes += sorted(Path("/usr/lib/jvm").glob("*25*"))
    for home in homes:
        release = home / "release"
        if (home / "bin/java").exists() and release.is_file() and 'JAVA_VERSION="25' in release.read_text():
            return str(home / "bin/java")
    raise Failure("no JDK 25 in JAVA_HOME or under /usr/lib/jvm", 3)


def jcuda_jars() -> list[str]:
    """JCuda and its native libraries, of the version in pom.xml, where Maven keeps them."""
    version = re.search(r"<jcuda.version>(.*)</jcuda.version>", (ROOT / "pom.xml").read_text()).group(1)
    repository = Path.home() / ".m2/repository/org/jcuda"
    jars = [
        repository / "jcuda" / version / f"jcuda-{version}.jar",
        repository / "jcuda-natives" / version / f"jcuda-natives-{version}-linux-x86_64.jar",
    ]
    for jar in jars:
        if not jar.is_file():
            raise Failure(f"{jar.name} is missing; Maven fetches it: mvn test-compile", 3)
    return [str(jar) for jar in jars]


def run_java(images: Path, *arguments: str) -> None:
    # JCuda unpacks into the temporary folder and loads what lies there: it gets one of its own.
    with tempfile.TemporaryDirectory() as temporary:
        command = [find_java(), f"-Djava.io.tmpdir={temporary}", "--enable-native-access=ALL-UNNAMED"]
        command += ["-cp", os.pathsep.join(jcuda_jars()), str(PROGRAM), str(images), *arguments]
        if subprocess.run(command, check=False).returncode != 0:
            raise Failure("the report failed")


def print_of_jcuda(images: Path, match: str, architectures: list[int] | None) -> None:
    run_java(images, "table", match, *map(str, architectures or []))


def print_of_ptxas(images: Path, match: str, architectures: list[int] | None) -> None:
    ptxas = shutil.which("ptxas")
    if ptxas is None:
        raise Failure("ptxas is missing; it comes with a CUDA toolkit", 3)
    with tempfile.TemporaryDirectory() as temporary:

        def assemble(task: tuple[Path, int]) -> str:
            image, architecture = task
            log = Path(temporary, f"{image.parent.name}-{image.stem}-{architecture}.log")
            command = [ptxas, "-v", f"-arch=sm_{architecture}", str(image), "-o", os.devnull]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failure(f"{image.name} for sm_{architecture}: {done.stderr.strip()}")
            log.write_text(done.stderr)
            return str(log)

        tasks = [
            (image, architecture)
            for image in sorted(images.glob("*/*.ptx"))
            for architecture in architectures or PTXAS_ARCHITECTURES
            if architecture >= int(image.parent.name.removeprefix("sm_"))
            and any(re.search(match, kernel) for kernel in re.findall(r"\.entry (\w+)", image.read_text()))
        ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            logs = list(pool.map(assemble, tasks))
        run_java(images, "logs", match, *logs)


def write_report(images: Path, folder: Path) -> None:
    run_java(images, "report", str(folder))
    print(f"{folder.relative_to(ROOT)}/registers.json and .md are written")
