"""Compares Depthscope's results.json with PyTorch's figures over the same images, layer by layer."""

import math
import statistics

# fp32 streams differ in the order of additions alone; quantized ones also in codes at ties, which grows with depth.
FP32_LIMIT = 1e-4
SQNR_LIMIT_DB = 0.2


def compare(results: dict, stages: dict[str, dict]) -> dict:
    """Ranges and means relative to the range of each layer, SQNR in decibels; `ok` if nothing is far off.

    `stages` holds "min", "max", "mean" and "sqnrDb" by PyTorch's names, in order. Raises ValueError if the numbers of
    layers differ.
    """
    layers = results["layers"]
    if len(layers) != len(stages):
        raise ValueError(f"{len(layers)} layers in results.json, {len(stages)} in PyTorch")
    rows = []
    for layer, (name, stage) in zip(layers, stages.items(), strict=True):
        fp32, error = layer["fp32"], layer["error"]
        width = max(stage["max"] - stage["min"], 1e-12)
        off = max(abs(float(fp32[key]) - stage[key]) / width for key in ("min", "max", "mean"))
        ours, theirs = float(error["sqnrDb"]), stage["sqnrDb"]
        same = math.isinf(ours) and math.isinf(theirs)
        row = {"layer": layer["name"], "pytorch": name, "fp32": off, "sqnrDb": 0.0 if same else ours - theirs}
        rows.append(row)
    fp32_off = max(r["fp32"] for r in rows)
    sqnr_off = max(abs(r["sqnrDb"]) for r in rows)
    middle = statistics.median(abs(r["sqnrDb"]) for r in rows)
    # Written so that NaN is not taken for agreement.
    ok = fp32_off <= FP32_LIMIT and sqnr_off <= SQNR_LIMIT_DB
    text = (
        f"{len(rows)} layers: ranges and means of fp32 within {fp32_off:.1e} of each range, "
        f"SQNR within {sqnr_off:.2f} dB (median {middle:.3f} dB)"
    )
    return {"ok": bool(ok), "text": text, "layers": rows}
