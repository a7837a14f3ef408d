"""Measure every evaluation set and a moving web, and write docs/quality.md and schemas/quality.json (``make eval``).

    python -m bench.quality [--corpus DIR] [--web DIR] [--seeds 11,21] [--gate]

``--web`` is the folder of a moving web (``moving_web.py`` and ``score.py``); without it that part is named as not
measured. With ``--gate`` nothing is written, and the exit code is 1 if a figure is under its limit.
"""

import argparse
import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from bench import moving
from kb.evaluate.figures import Figure, SetResult, make_count, make_result, make_share
from kb.evaluate.quality import list_quality, print_value, write_quality
from kb.evaluate.sets import CORPUS, SOURCES, evaluate_sets
from kb.sources import read_sources

ROOT = Path(__file__).parents[1]
MOVING = "moving web"
# What decides how pages are read and compared: code, and the vocabularies it reads.
CODE = ("kb/read", "kb/compare", "kb/sources.py", "kb/topics.py", "kb/build.py", "schemas/topics.yml")
# The size and length of the moving web that is measured: 50 places of 40 pages on four days.
PLACES, PAGES, EPOCHS = 50, 40, 4
PRECISION_FLOOR, RECALL_FLOOR, SEEN_FLOOR = 0.99, 1.0, 0.95
# "35/35"
PART_OF = re.compile(r"(\d+)/(\d+)")
ATTEMPTS, PAUSE = 100, 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print what is under its limit, and write what was measured; returns 1 for --gate and a missed limit."""
    given = _read_arguments(arguments)
    # Told to end, it ends what it started too: the moving web is a process of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results = list(evaluate_sets(given.sets, given.corpus, read_sources([given.sources])))
    if given.web is not None or not given.gate:
        results.append(measure_moving(given.web, given.seeds))
    for result in results:
        print(f"{result.name}: {_tell_verdict(result)}")
        for figure in (figure for figure in result.figures if not figure.passed):
            print(f"  {figure.label}: {print_value(figure.value)} {figure.basis}")
    if given.gate:
        return 0 if all(result.passed for result in results) else 1
    code = hash_code()
    (ROOT / "docs" / "quality.md").write_text(write_quality(results, code), "utf-8")
    rows = msgspec.json.format(msgspec.json.encode(list_quality(results, code)), indent=1)
    (ROOT / "schemas" / "quality.json").write_bytes(rows + b"\n")
    return 0


def _tell_verdict(result: SetResult) -> str:
    if not result.found:
        return "not found"
    return "passed" if result.passed else "UNDER ITS LIMITS"


def measure_moving(web: Path | None, seeds: Sequence[int]) -> SetResult:
    """Return how the changes of a moving web were told, summed over seeds and days; false alarms by their cause."""
    if web is None or not (web / "moving_web.py").is_file():
        return SetResult(MOVING, found=False, remarks=(f"{web}: expected a moving web, found none",))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kb-moving-") as name:
        for seed in seeds:
            for line in _score_seed(web, Path(name) / str(seed), seed):
                counts.update(_count_line(line))
    remark = (
        f"{len(seeds)} seeds, {EPOCHS - 1} days each, {PLACES * PAGES:,} pages, crawled over HTTP without selectors"
    )
    return make_result(MOVING, list(_list_figures(counts)), remarks=[remark])


def _list_figures(counts: Counter[str]) -> Iterator[Figure]:
    yield make_share("rule changes: precision", counts["right"], counts["said"], floor=PRECISION_FLOOR)
    yield make_share("rule changes: recall", counts["right"], counts["true"], floor=RECALL_FLOOR)
    yield make_share("renumbered and moved: seen", counts["seen"], counts["structural"], floor=SEEN_FLOOR)
    for cause in ("structural", "cosmetic", "fault", "recovery", "noise"):
        yield make_count(f"false alarms: {cause}", counts[f"false {cause}"], ceiling=0)


def _count_line(line: dict[str, object]) -> Counter[str]:
    """Return the counts behind one line of the web's scorer, whose shares are rounded to four digits."""
    said = int(str(line["rule_changes"]))
    right = round(said * float(str(line["precision"])))
    recall = float(str(line["recall"]))
    counts = Counter({"said": said, "right": right, "true": round(right / recall) if recall else 1})
    counts["seen"], counts["structural"] = _split(line["structural_seen"])
    for cause in ("cosmetic", "fault", "recovery"):
        counts[f"false {cause}"] = _split(line[f"{cause}_false"])[0]
    counts["false structural"] = int(str(line["structural_called_rule"]))
    counts["false noise"] = int(str(line["noise_false"]))
    return counts


def _split(text: object) -> tuple[int, int]:
    found = PART_OF.fullmatch(str(text))
    return (int(found[1]), int(found[2])) if found is not None else (0, 0)


def _score_seed(web: Path, folder: Path, seed: int) -> Iterator[dict[str, object]]:
    """Build the web of one seed, watch it day by day, and yield the scorer's lines."""
    port = _find_port()
    truth, report = folder / "truth", folder / "report.jsonl"
    sizes = ["--jur", str(PLACES), "--pages", str(PAGES), "--epochs", str(EPOCHS)]
    options = ["--out", str(truth), "--seed", str(seed), "--port", str(port), *sizes]
    try:
        _run(web / "moving_web.py", "build", *options)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"the moving web cannot be built with seed {seed}; take another (--seeds)") from error
    with _serving(web / "moving_web.py", truth, port) as url:
        moving.main(["--root", str(folder), "--url", url, "--epochs", str(EPOCHS), "--report", str(report)])
    yield from map(json.loads, _run(web / "score.py", str(truth), str(report)).splitlines())


def _run(script: Path, *arguments: str) -> str:
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def _serving(script: Path, folder: Path, port: int) -> Iterator[str]:
    """Serve a moving web in a process of its own as long as the block runs; yields its address."""
    command = [sys.executable, str(script), "serve", "--out", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url)
            yield url
        finally:
            server.terminate()


def _await(url: str) -> None:
    for _ in range(ATTEMPTS):
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - our own server on this machine
                return
        except URLError:
            time.sleep(PAUSE)


def _find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def hash_code() -> str:
    """Return a digest of the code and vocabularies that decide what is read and told: 12 hexadecimal digits."""
    digest = hashlib.sha256()
    files = (path for part in CODE for path in sorted([ROOT / part, *(ROOT / part).rglob("*.py")]) if path.is_file())
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--sources", type=Path, default=SOURCES)
    parser.add_argument("--web", type=Path)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[11, 21])
    parser.add_argument("--gate", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
