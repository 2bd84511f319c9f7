"""Generated sections of the documentation: what stands between <!-- NAME:start --> and <!-- NAME:end -->."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Which page holds which section.
PAGES = {
    "example": ROOT / "README.md",
    "study:cifar10": ROOT / "docs/study.md",
    "study:imagenet": ROOT / "docs/study.md",
    "study:imagenet-mended": ROOT / "docs/study.md",
    "bench:cpu": ROOT / "docs/usage.md",
    "bench:gpu": ROOT / "docs/usage.md",
    "bench:kernels": ROOT / "docs/usage.md",
    "bench:onnx": ROOT / "docs/usage.md",
    "findings": ROOT / "docs/findings.md",
    "sensitivity": ROOT / "docs/usage.md",
    "layers": ROOT / "docs/formats.md",
    "models": ROOT / "docs/formats.md",
}


def replace_section(name: str, text: str, page: Path | None = None) -> None:
    """Replaces what stands between a section's markers; raises ValueError if the page lacks them."""
    page = page or PAGES[name]
    start_mark, end_mark = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    whole = page.read_text()
    start, end = whole.find(start_mark), whole.find(end_mark)
    if start < 0 or end < start:
        raise ValueError(f"{page}: no {start_mark} followed by {end_mark}")
    page.write_text(f"{whole[: start + len(start_mark)]}\n{text}\n{whole[end:]}")
