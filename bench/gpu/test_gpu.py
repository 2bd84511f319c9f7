"""Tests of the GPU run with stand-ins for Depthscope, nvidia-smi and PyTorch.

Run from the repository root: python -m unittest bench.gpu.test_gpu
"""

import argparse
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from bench.gpu import machine
from bench.gpu import run as gpu_run
from bench.gpu.agreement import compare
from bench.gpu.steps import Deadline, Steps, hide
from bench.gpu.torch_worker import TorchWorker, WorkerError

SMI = """#!/bin/sh
case "$*" in
  *throttle*) echo 'Field "clocks_throttle_reasons.active" is not a valid field to query.'; exit 2 ;;
  *=name*) echo 'Some GPU' ;;
  *driver_version*) echo 1.2 ;;
  *) echo '[N/A]' ;;
esac
"""

# Prints what bench run prints; dies at one level, hangs in verify, knows no devices.
DEPTHSCOPE = """#!/bin/sh
case "$*" in
  --version) echo 'WARNING: something'; echo 'depthscope 9 (abc)' ;;
  devices*) echo "no such command in $0" >&2; exit 2 ;;
  verify*) sleep 60 ;;
  "bench kernels"*) echo '[]' >"$4" ;;
  *'--level sources'*) echo 'out of memory' >&2; exit 1 ;;
  "bench run"*"--batch 4"*) echo '{"imagesPerSecond": 50.0}' ;;
  "bench run"*) echo 'noise'; echo '{"imagesPerSecond": 200.0}' ;;
  *) exit 1 ;;
esac
"""

# Answers as the PyTorch process does.
WORKER = """
import json, sys, time
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "hang": time.sleep(60)
    if order["do"] == "die": print("last words", file=sys.stderr); sys.exit(3)
    answer = {
        "versions": {"torch": "9.9"},
        "copy": {"GBs": 3000.0},
        "prepare": {"peers": [
            {"name": n, "label": n, "batch": 8} for n in ("torch-plain", "torch-statistics", "torch-plain-tf32")
        ], "skipped": {"torch-plain-compile": "no time left to compile"}},
        "measure": {"imagesPerSecond": {"torch-plain": 100.0, "torch-plain-tf32": 400.0}.get(order.get("name"), 20.0)},
    }.get(order["do"], {"error": "unknown order"})
    print(json.dumps(answer), flush=True)
"""


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # A worker that answers without PyTorch.
        script = self.folder / "worker.py"
        script.write_text(WORKER)
        python = executable(self.folder / "python", f'#!/bin/sh\nexec "{sys.executable}" "{script}"\n')
        patch = mock.patch.object(sys, "executable", str(python))
        patch.start()
        self.addCleanup(patch.stop)


class StepsTest(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.steps = Steps(Deadline(60), hide(tmp=self.folder))

    def test_what_a_command_said_and_how_it_ended(self) -> None:
        step = self.steps.run("a", ["sh", "-c", f"echo in {self.folder}; echo bad >&2; exit 3"], 10)
        self.assertEqual((step["ok"], step["code"], step["output"]), (False, 3, "in <tmp>\nbad"))
        self.assertTrue(self.steps.run("b", ["true"], 10)["ok"])

    def test_a_command_that_hangs_is_stopped_with_its_children(self) -> None:
        step = self.steps.run("a", ["sh", "-c", "echo first; (sleep 10; echo late) & wait"], 1.5)
        self.assertIsNone(step["code"])
        self.assertFalse(step["ok"])
        self.assertEqual(step["output"], "first\n\nstopped: out of time")

    def test_nothing_starts_without_time(self) -> None:
        step = self.steps.run("a", ["touch", str(self.folder / "made")], 10, reserve=59.5)
        self.assertIn("no time left", step["output"])
        self.assertFalse((self.folder / "made").exists())

    def test_a_missing_command_is_a_failed_step(self) -> None:
        self.assertIn("not started", self.steps.run("a", ["/nonexistent/x"], 10)["output"])
        self.assertIs(self.steps.skipped("b", "not here")["ok"], None)
        self.assertEqual(len(self.steps.done), 2)


class Machine(InFolder):
    def test_unknown_fields_are_left_out(self) -> None:
        smi = executable(self.folder / "nvidia-smi", SMI)
        with mock.patch.object(machine, "find", return_value=str(smi)):
            found = machine.query()
        self.assertEqual((found["name"], found["driver_version"]), ("Some GPU", "1.2"))
        self.assertNotIn("clocks_throttle_reasons.active", found)

    def test_no_driver(self) -> None:
        with mock.patch.object(machine, "find", return_value=None):
            self.assertEqual(machine.query(), {"error": "no nvidia-smi"})


class Worker(InFolder):
    def start(self) -> TorchWorker:
        worker = TorchWorker([], self.folder / "log")
        self.addCleanup(worker.stop)
        return worker

    def test_answers_and_errors(self) -> None:
        worker = self.start()
        self.assertEqual(worker.ask(20, "copy"), {"GBs": 3000.0})
        with self.assertRaisesRegex(WorkerError, "unknown order"):
            worker.ask(20, "nonsense")
        self.assertEqual(worker.ask(20, "versions"), {"torch": "9.9"})

    def test_a_worker_that_hangs_is_stopped(self) -> None:
        worker = self.start()
        worker.ask(20, "copy")
        with self.assertRaisesRegex(WorkerError, "no answer to 'hang'"):
            worker.ask(0.5, "hang")
        self.assertIsNotNone(worker.process.poll())

    def test_a_worker_that_dies_says_why(self) -> None:
        worker = self.start()
        with self.assertRaisesRegex(WorkerError, "ended during 'die'"):
            worker.ask(20, "die")
        worker.process.wait()
        with self.assertRaisesRegex(WorkerError, "last words"):
            worker.ask(20, "copy")


class Agreement(unittest.TestCase):
    def setUp(self) -> None:
        layer = {"name": "a", "fp32": {"min": 0.0, "max": 6.0, "mean": 1.0}, "error": {"sqnrDb": 20.0}}
        self.results = {"layers": [layer, {**layer, "name": "b", "error": {"sqnrDb": "Infinity"}}]}
        stage = {"min": 0.0, "max": 6.0, "mean": 1.0, "sqnrDb": 20.0}
        self.stages = {"a": stage, "b": {**stage, "sqnrDb": float("inf")}}

    def test_equal_figures_agree(self) -> None:
        self.assertTrue(compare(self.results, self.stages)["ok"])

    def test_differences_and_nan_do_not(self) -> None:
        for where, key, value in (
            ("fp32", "mean", 1.1),
            ("fp32", "max", 5.0),
            ("error", "sqnrDb", 21.0),
            ("error", "sqnrDb", "NaN"),
            ("fp32", "min", "NaN"),
        ):
            results = json.loads(json.dumps(self.results))
            results["layers"][0][where][key] = value
            with self.subTest(f"{key} {value}"):
                self.assertFalse(compare(results, self.stages)["ok"])

    def test_missing_layers_are_an_error(self) -> None:
        with self.assertRaises(ValueError):
            compare(self.results, {"a": self.stages["a"]})


class WholeRun(InFolder):
    """Steps fail in four ways, and everything else is there."""

    def run_it(self) -> dict:
        depthscope = executable(self.folder / "depthscope", DEPTHSCOPE)
        args = ["run", "--depthscope", str(depthscope), "--batches", "4,8", "--rounds", "2", "--seconds", "0.1"]
        with mock.patch.object(sys, "argv", [*args, "--out", str(self.folder / "results")]):
            options: argparse.Namespace = gpu_run.arguments()
        options.verify_limit = 2
        with (
            mock.patch.object(machine, "find", return_value=None),
            mock.patch.object(gpu_run, "arguments", return_value=options),
            mock.patch.object(gpu_run.Run, "generate"),
        ):
            self.assertEqual(gpu_run.main(), 1)
        found = list(self.folder.glob("results/*/*.json"))
        self.assertEqual({f.name for f in found}, {"gpu_mobilenet_v1.json", "kernels.json"})
        return json.loads(next(f for f in found if f.name == "gpu_mobilenet_v1.json").read_text())

    def test_the_result(self) -> None:
        result = self.run_it()
        ok = {s["name"]: s["ok"] for s in result["steps"]}
        self.assertEqual(
            ok,
            {
                "version": True,
                "devices": False,
                "verify": False,
                "bench kernels": True,
                "PyTorch peers": True,
                "rounds": True,
                "analyze": False,
                "compute-sanitizer": None,
            },
        )
        self.assertNotIn(str(self.folder), json.dumps(result))
        self.assertEqual(result["versions"]["depthscope"], "depthscope 9 (abc)")
        self.assertEqual(result["depthscope"]["batch"], 8)
        self.assertEqual(result["run"]["rounds"], 2)
        speeds = {p["name"]: p["imagesPerSecond"]["median"] for p in result["peers"]}
        self.assertEqual(speeds["depthscope-statistics"], 200.0)
        self.assertNotIn("depthscope-sources", speeds)
        self.assertIn("out of memory", result["failed"]["depthscope-sources"])
        self.assertIn("no time left", result["failed"]["torch-plain-compile"])
        # The fastest plain run in full fp32, not the one with TF32.
        self.assertEqual(result["reference"], "torch-plain")
        ratios = {c["over"]: c["ratio"]["median"] for c in result["comparisons"]}
        self.assertEqual(ratios, {"torch-plain": 2.0, "torch-statistics": 10.0})


if __name__ == "__main__":
    unittest.main()
