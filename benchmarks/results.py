"""What was measured, per benchmark and size, kept in a file where there is a folder, so that sizes can be measured one at a time."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Results:
    """Figures per benchmark and size, each with the day it was measured. What is measured again replaces what was there."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._kept: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8")) if file and file.exists() else {}

    def put(self, name: str, size: int, figures: Any, day: str) -> None:
        """Keep the figures of one benchmark at one size."""
        self._kept.setdefault(name, {})[str(size)] = {"figures": figures, "day": day}
        if self._file:
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self._kept, indent=1), encoding="utf-8")
            part.rename(self._file)

    def of(self, name: str) -> Mapping[int, Any]:
        """Figures by size, the smallest first."""
        return {size: self._kept[name][str(size)]["figures"] for size in sorted(map(int, self._kept.get(name, {})))}

    def days(self, name: str) -> list[str]:
        """When they were measured."""
        return sorted({row["day"] for row in self._kept.get(name, {}).values()})
