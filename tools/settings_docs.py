"""Writes what is made from the table of settings: python tools/settings_docs.py

config/directory.toml, with every default as a comment, and docs/settings.md. The tests compare.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from directory.settings import SECTIONS, Described, described  # noqa: E402 the path comes first

HEAD = "# Settings of the mentor directory. Commented lines show the defaults; the environment overrides each as MENTORS_SECTION_KEY."
INTRO = """# Settings

Made by `tools/settings_docs.py` from the table in `directory/settings.py`.

Values come from the defaults below, then from `directory.toml` in the configuration folder, then from the environment, which overrides
every setting by the variable beside it. They are read once, at start. A wrong value stops the start with its key, the value and what is
allowed; `mentors config check` shows what is in force. `MENTORS_CONFIG` names the configuration folder, with `directory.toml`,
`sources.toml` and `vocabularies/` in it; without it the folder that travels with the program is used.
"""


def in_toml(value: Any) -> str:
    """The value as TOML."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False)


def allowed(setting: Described) -> str:
    """What can stand there, in words; empty where anything of the type can."""
    row = setting.row
    return "one of " + ", ".join(row.choices) if row.choices else row.form[1] or row.limits


def is_short(setting: Described) -> bool:
    """Whether the variable is one of the short names, which do not follow from section and key."""
    return setting.env != f"MENTORS_{setting.section}_{setting.key}".upper()


def toml() -> str:
    """The shipped directory.toml."""
    return "\n".join((HEAD, *(line for section in SECTIONS for line in _toml_section(section)))) + "\n"


def _toml_section(section: str) -> Iterator[str]:
    yield ""
    yield f"# {SECTIONS[section].__doc__}"
    yield f"[{section}]"
    for setting in described():
        if setting.section == section:
            notes = "; ".join(part for part in (allowed(setting), f"environment: {setting.env}" if is_short(setting) else "") if part)
            yield f"# {setting.row.help}" + (f" ({notes})" if notes else "")
            yield f"# {setting.key} = {in_toml(setting.default)}"


def page() -> str:
    """docs/settings.md."""
    return INTRO + "\n".join(line for section in SECTIONS for line in _page_section(section)) + "\n"


def _page_section(section: str) -> Iterator[str]:
    yield ""
    yield f"## {section}"
    yield ""
    yield str(SECTIONS[section].__doc__)
    yield ""
    yield "| key | default | what it does | allowed | environment |"
    yield "|---|---|---|---|---|"
    for setting in described():
        if setting.section == section:
            cells = (f"`{setting.key}`", f"`{in_toml(setting.default)}`", setting.row.help, allowed(setting), f"`{setting.env}`")
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write both files."""
    (ROOT / "config" / "directory.toml").write_text(toml(), encoding="utf-8")
    (ROOT / "docs" / "settings.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
