"""Sections of README.md that are generated: what stands between <!-- NAME:start --> and <!-- NAME:end -->."""

from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def replace_section(name: str, text: str, readme: Path = README) -> None:
    """Replaces what stands between a section's markers; raises ValueError if the file lacks them."""
    start_mark, end_mark = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    whole = readme.read_text()
    start, end = whole.find(start_mark), whole.find(end_mark)
    if start < 0 or end < start:
        raise ValueError(f"{readme}: no {start_mark} followed by {end_mark}")
    readme.write_text(f"{whole[: start + len(start_mark)]}\n{text}\n{whole[end:]}")
