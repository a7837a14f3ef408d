"""Write the files of a source: JSON that people read, each file whole or not at all."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# A list that fits into this many characters stands on one line.
LINE = 116


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that nobody meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def render_json(told: Any) -> str:
    """Write JSON for people: an entry without lists of entries in it stands on one line."""
    return _render(told, "") + "\n"


def _render(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if _is_flat(value) and (not isinstance(value, list) or len(indent) + len(line) <= LINE):
        return line
    inner = f"{indent} "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(name)}: {_render(part, inner)}" for name, part in value.items()]
    else:
        lines = [f"{inner}{_render(part, inner)}" for part in value]
    opens, closes = "{}" if isinstance(value, dict) else "[]"
    return f"{opens}\n" + ",\n".join(lines) + f"\n{indent}{closes}"


def _is_flat(value: Any) -> bool:
    """Tell whether a value holds no entries with parts of their own."""
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, list):
        return not any(isinstance(part, dict | list) for part in parts)
    return all(not isinstance(part, dict) and (not isinstance(part, list) or _is_flat(part)) for part in parts)


def write_together(contents: dict[Path, bytes]) -> None:
    """Write several files, all under temporary names first; a failure leaves no new file and no new folder.

    One that stood there before is to be named last: what replaced it could not be taken back.
    """
    parts = {path: path.with_name(f"{path.name}.part") for path in contents}
    made = [folder for path in contents for folder in _list_missing(path.parent)]
    fresh = [path for path in contents if not path.exists()]
    written = False
    try:
        for path, part in parts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(contents[path])
        for path, part in parts.items():
            part.replace(path)
        written = True
    finally:
        _tidy([*parts.values(), *(() if written else fresh)], () if written else made)


def _tidy(files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Remove files, then folders that are empty, deepest first."""
    for path in files:
        path.unlink(missing_ok=True)
    for folder in sorted(set(folders), key=lambda folder: -len(folder.parts)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _list_missing(folder: Path) -> list[Path]:
    return [parent for parent in (folder, *folder.parents) if not parent.exists()]
