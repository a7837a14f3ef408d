"""The house rules that a machine can check: who imports whom, how large things grow, what is never written.

Every finding reads ``file:line what: found, limit``. Figures are the hard limits of the house: code lines hold
code (no blanks, comments, docstrings); complexity counts branches as McCabe's measure and ruff's C901 do.
"""

import ast
import io
import re
import socket
import tokenize
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES, FUNCTION_LINES, PARAMETERS, NESTING, COMPLEXITY, IMPORT_DEPTH = 400, 50, 5, 3, 8, 8
# The house wants 1.0; below the floor a change is refused, between the two a warning tells the figure.
TEST_RATIO, TEST_RATIO_FLOOR = 1.0, 0.6

# A module may import its own room and rooms of a lower floor. Longest name wins; other modules of kb are use cases.
FLOORS = {
    "kb.models": 0,
    "kb.errors": 0,
    "kb.share": 0,
    "kb.merkle": 0,
    "kb.snapshots": 0,
    "kb.declarations": 1,
    "kb.marks": 0,
    "kb.platform_rules": 1,
    "kb.source_checks": 1,
    "kb.sources": 1,
    "kb.questions": 1,
    "kb.scopes": 1,
    "kb.jurisdictions": 1,
    "kb.topics": 2,
    "kb.read": 2,
    "kb.compare": 2,
    "kb.answer": 2,
    "kb.tell": 2,
    "kb.cadence": 0,
    "kb.store": 3,
    "kb": 4,
    "kb.web": 5,
    "kb.cli": 6,
    "crawlers": 6,
}
PURE = ("kb.read", "kb.compare", "kb.answer", "kb.tell")
# Library -> rooms that may not import it: the knowledge base starts the crawler and the site as child processes, and
# pure rooms neither store, reach out nor roll dice. BeautifulSoup is 8-19 times slower than lxml: not for builds.
BANNED_LIBRARIES = {
    "scrapy": ("kb",),
    "datasette": ("kb",),
    **dict.fromkeys(("bs4", "random", "socket", "sqlite3", "sqlite_utils"), PURE),
}
EXCUSED_LIBRARIES = {"datasette": ("kb.web",)}  # its hook marker is needed where the hooks are written
CLOCKED = ("kb.cli", "kb.collect", "crawlers")
CLOCKS = {
    *(f"datetime.{name}" for name in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")),
    *(f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime")),
}
VAGUE_NAMES = {"utils", "util", "misc", "common", "helpers", "helper", "manager", "process", "handle", "data", "info"}
BROAD = {"Exception", "BaseException"}

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|WITH)\b.")  # "SELECT seq FROM fetches"
SQL_ANY_CASE = re.compile(  # "insert or ignore into runs", "update runs set closed_at"
    r"\s*(insert\s+(or\s+\w+\s+)?into|update\s+\w+\s+set|delete\s+from|create\s+(table|index|view))\s", re.IGNORECASE
)
SQL_CLOCK = re.compile(r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|'now'|\bunixepoch\(\)")  # "DEFAULT CURRENT_TIMESTAMP"
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # "TODO: later"

BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
STATEMENTS = (ast.Import, ast.ImportFrom, ast.AugAssign, ast.Return, ast.Raise, ast.Delete)
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, its path from the root, its text."""

    name: str
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def docstrings(self) -> list[ast.Expr]:
        owners = [node for node in self.nodes if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))]
        return [node.body[0] for node in owners if ast.get_docstring(node, clean=False) is not None]

    @cached_property
    def code_lines(self) -> set[int]:
        code = {n for t in self.tokens if t.type not in SILENT for n in range(t.start[0], t.end[0] + 1)}
        return code - {n for doc in self.docstrings for n in range(doc.lineno, doc.end_lineno + 1)}

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        return [node for node in self.nodes if isinstance(node, FUNCTIONS)]

    def is_in(self, rooms: tuple[str, ...]) -> bool:
        return any(self.name == room or self.name.startswith(f"{room}.") for room in rooms)

    def at(self, node: ast.AST | int, words: str) -> str:
        return f"{self.path}:{node if isinstance(node, int) else node.lineno} {words}"


def load_modules(*folders: str) -> list[Module]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    named = ((path, path.relative_to(ROOT).with_suffix("")) for path in paths)
    return [
        Module(".".join(name.parts).removesuffix(".__init__"), f"{name.as_posix()}.py", path.read_text("utf-8"))
        for path, name in named
    ]


def list_imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import with the dotted name it may mean: ``from kb.read import html`` gives ``kb.read.html``."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


# --- who imports whom


def find_room(name: str) -> str:
    rooms = [room for room in FLOORS if name == room or name.startswith(f"{room}.")]
    return max(rooms, key=len)


def list_edges(module: Module, names: set[str]) -> Iterator[tuple[ast.stmt, str]]:
    for node, target in list_imports(module):
        known = target if target in names else target.rpartition(".")[0]
        if known in names and known != module.name:
            yield node, known


def check_directions(module: Module, names: set[str]) -> Iterator[str]:
    room = find_room(module.name)
    for node, target in list_edges(module, names - {"kb"}):
        other = find_room(target)
        level = FLOORS[other] == FLOORS[room] and FLOORS[room] < FLOORS["crawlers"]
        if other != room and not level and FLOORS[other] >= FLOORS[room]:
            yield module.at(node, f"imports up: {room} imports {target}, allowed are lower rooms")


def check_graph(modules: list[Module]) -> Iterator[str]:
    names = {module.name for module in modules}
    graph = {module.name: {target for _, target in list_edges(module, names)} for module in modules}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        yield f"import cycle: {' -> '.join(error.args[1])}, limit 0"
        return
    # The __init__ of a package is its door, not a floor of its own.
    doors = {module.name for module in modules if module.path.endswith("__init__.py")}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = max((depth[target] + (name not in doors) for target in graph[name]), default=0)
    yield from (f"{name} import depth: {n}, limit {IMPORT_DEPTH}" for name, n in depth.items() if n > IMPORT_DEPTH)


def check_libraries(module: Module) -> Iterator[str]:
    for node, target in list_imports(module):
        library = target.partition(".")[0]
        if target.startswith("."):
            yield module.at(node, f"relative import: {target}, write the full name")
        elif module.is_in(BANNED_LIBRARIES.get(library, ())) and not module.is_in(EXCUSED_LIBRARIES.get(library, ())):
            yield module.at(node, f"library out of its room: {library} in {module.name}")


def check_inner_imports(module: Module) -> Iterator[str]:
    for function in module.functions:
        inner = (node for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom)))
        yield from (module.at(node, f"import inside function: {function.name}") for node in inner)


# --- how large things grow


def check_file_size(module: Module) -> Iterator[str]:
    if len(module.code_lines) > FILE_LINES:
        yield module.at(1, f"file code lines: {len(module.code_lines)}, limit {FILE_LINES}")


def is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether click calls the function: its parameters are then the options of a command."""
    calls = (getattr(decorator, "func", None) for decorator in function.decorator_list)
    return any(isinstance(call, ast.Attribute) and call.attr in {"command", "group"} for call in calls)


def count_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = function.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}]) + sum(map(bool, (given.vararg, given.kwarg)))


def list_own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function but not in functions defined inside it: those are judged alone."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from list_own_nodes(child)


def count_complexity(function: ast.AST) -> int:
    return 1 + sum(isinstance(node, BRANCHES) for node in list_own_nodes(function))


def count_nesting(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child.col_offset == node.col_offset
        deepest = max(deepest, count_nesting(child, depth + (isinstance(child, BLOCKS) and not is_elif)))
    return deepest


def check_functions(module: Module) -> Iterator[str]:
    for function in module.functions:
        lines = len(module.code_lines & set(range(function.lineno, function.end_lineno + 1)))
        figures = (
            ("lines", lines, FUNCTION_LINES),
            ("parameters", 0 if is_command(function) else count_parameters(function), PARAMETERS),
            ("nesting", count_nesting(function), NESTING),
            ("complexity", count_complexity(function), COMPLEXITY),
        )
        for what, found, limit in figures:
            if found > limit:
                yield module.at(function, f"function {what}: {function.name} has {found}, limit {limit}")


# --- what is never written


def check_names(module: Module) -> Iterator[str]:
    scrapy_words = set() if module.is_in(("crawlers",)) else {"item", "items"}
    vague = set(module.name.split(".")) & (VAGUE_NAMES | scrapy_words)
    yield from (module.at(1, f"vague module name: {name}") for name in vague)


def check_excepts(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler):
            caught = {"BaseException"} if node.type is None else {ast.unparse(n) for n in ast.walk(node.type)}
            yield from (module.at(node, f"broad except: {name}") for name in caught & BROAD)


def check_prints(module: Module) -> Iterator[str]:
    calls = (node for node in module.nodes if isinstance(node, ast.Call) and not module.is_in(("kb.cli",)))
    yield from (module.at(call, "print outside cli") for call in calls if ast.unparse(call.func) == "print")


def is_code(comment: str) -> bool:
    words = comment.strip("# ")
    if words.startswith("(") or not words.isascii():
        return False
    for text in (words, f"{words} pass"):
        try:
            (found,) = ast.parse(text).body
        except (SyntaxError, ValueError):
            continue
        if isinstance(found, ast.Assign):
            return " = " in words  # id="a" is an attribute, as examples of patterns show them
        called = found.value if isinstance(found, ast.Expr) else None
        return isinstance(found, (*STATEMENTS, *BLOCKS, *FUNCTIONS)) or isinstance(called, ast.Call)
    return False


def check_comments(module: Module) -> Iterator[str]:
    for token in module.tokens:
        if token.type == tokenize.COMMENT:
            undone, code = UNDONE.search(token.string), is_code(token.string)
            words = "undone work" if undone else "commented-out code" if code else ""
            yield from [module.at(token.start[0], f"{words}: {token.string}")] if words else []


def check_strings(module: Module) -> Iterator[str]:
    docs = {id(doc.value) for doc in module.docstrings}
    for node in module.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docs:
            continue
        first = node.value.strip().partition("\n")[0][:50]
        if not module.is_in(("kb.store",)) and (SQL.match(node.value) or SQL_ANY_CASE.match(node.value)):
            yield module.at(node, f"SQL outside kb/store: {first}")
        elif SQL_CLOCK.search(node.value) and module.is_in(("kb.store",)):
            yield module.at(node, f"clock in SQL: {first}")


def check_clocks(module: Module) -> Iterator[str]:
    bound = {}
    for node, target in list_imports(module):
        for alias in node.names:
            whole = target if isinstance(node, ast.ImportFrom) else alias.name
            if whole.endswith(alias.name):
                bound[alias.asname or alias.name] = whole
    for node in module.nodes:
        if isinstance(node, (ast.Attribute, ast.Name)) and not module.is_in(CLOCKED):
            first, dot, rest = ast.unparse(node).partition(".")
            if f"{bound.get(first, first)}{dot}{rest}" in CLOCKS:
                yield module.at(node, f"clock below the use cases: {ast.unparse(node)}")


CHECKS: tuple[Callable[[Module], Iterator[str]], ...] = (
    check_libraries,
    check_inner_imports,
    check_file_size,
    check_functions,
    check_names,
    check_excepts,
    check_prints,
    check_comments,
    check_strings,
    check_clocks,
)


def judge(modules: list[Module]) -> list[str]:
    names = {module.name for module in modules}
    alone = [finding for module in modules for check in CHECKS for finding in check(module)]
    imports = [finding for module in modules for finding in check_directions(module, names)]
    return sorted({*alone, *imports, *check_graph(modules)})


def test_house_rules_hold():
    findings = judge(load_modules("kb", "crawlers"))

    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


def test_site_folder_is_no_package():
    packages = [path.relative_to(ROOT).as_posix() for path in (ROOT / "datasette").rglob("__init__.py")]

    assert [] == packages


def test_tests_keep_pace_with_code():
    code = sum(len(module.code_lines) for module in load_modules("kb", "crawlers"))
    tests = sum(len(module.code_lines) for module in load_modules("tests"))
    ratio = tests / code

    if ratio < TEST_RATIO:
        warnings.warn(f"test:code is {ratio:.2f} ({tests}:{code}), the house wants {TEST_RATIO}", stacklevel=1)
    assert ratio >= TEST_RATIO_FLOOR, f"test:code: {ratio:.2f} ({tests}:{code}), limit {TEST_RATIO_FLOOR}"


def test_sockets_beyond_loopback_are_refused():
    with socket.socket() as distant, pytest.raises(RuntimeError, match="only loopback"):
        distant.connect(("192.0.2.1", 80))  # TEST-NET-1 of RFC 5737: belongs to nobody


DEEP = "def f(a):\n" + "".join(f"{' ' * n}if a:\n" for n in range(1, 5)) + f"{' ' * 5}return 1"
TANGLED = "def f(a):\n" + "    if a:\n        a()\n" * 8
BAD = {
    "function lines: f has 52, limit 50": ("kb.build", "def f():\n" + "    g()\n" * 51),
    "function parameters: f has 6, limit 5": ("kb.build", "def f(a, b, c, *, d, e, **f): ..."),
    "function nesting: f has 4, limit 3": ("kb.build", DEEP),
    "function complexity: f has 9, limit 8": ("kb.build", TANGLED),
    "file code lines: 401, limit 400": ("kb.build", "a = 1\n" * 401),
    "imports up: kb.read imports kb.store.archive": ("kb.read.html", "from kb.store import archive"),
    "imports up: crawlers imports kb.cli": ("crawlers.spider", "import kb.cli"),
    "library out of its room: scrapy": ("kb.collect", "import scrapy.http"),
    "library out of its room: sqlite3": ("kb.compare.align", "from sqlite3 import connect"),
    "relative import": ("kb.build", "from .store import archive"),
    "import inside function: f": ("kb.build", "def f():\n    import json"),
    "vague module name: utils": ("kb.read.utils", ""),
    "broad except: Exception": ("kb.build", "try:\n    f()\nexcept (ValueError, Exception):\n    pass"),
    "broad except: BaseException": ("kb.build", "try:\n    f()\nexcept:\n    pass"),
    "print outside cli": ("kb.build", "print(1)"),
    "undone work": ("kb.build", "# TODO: later"),
    "commented-out code": ("kb.build", "# total = add(one, two)"),
    "SQL outside kb/store": ("kb.build", "q = f'''\n  SELECT {a} FROM b'''"),
    "SQL outside kb/store: insert": ("kb.build", "q = 'insert into a values (1)'"),
    "clock in SQL": ("kb.store.schema", "q = 'CREATE TABLE a (b TEXT DEFAULT CURRENT_TIMESTAMP) STRICT'"),
    "clock below the use cases: D.now": ("kb.read.dates", "from datetime import datetime as D\na = D.now()"),
    "clock below the use cases: time.time": ("kb.build", "import time\na = time.time()"),
    "import cycle": ("kb.store.archive", "import kb.store.leaf"),
}
NEIGHBOURS = [
    Module("kb.cli", "kb/cli.py", ""),
    Module("kb.store", "kb/store/__init__.py", ""),
    Module("kb.store.leaf", "kb/store/leaf.py", "from kb.store import archive"),
]


@pytest.mark.parametrize("finding", BAD)
def test_each_rule_can_fail(finding):
    name, text = BAD[finding]
    bad = Module(name, "bad.py", text)
    others = [*NEIGHBOURS, Module("kb.store.archive", "kb/store/archive.py", "")]

    findings = judge([bad, *(other for other in others if other.name != name)])

    assert [True] == [finding in words for words in findings], findings


def test_ordinary_code_passes_every_rule():
    text = '''"""Select the pages of one wave."""

import json
from datetime import date

from kb.store import archive, leaf

NUMBER = "(a)"  # "(iii)", as in § 48-902.08
SLOT = "id"  # id="a"
PAIR = "(a)(1)"  # (a)(1) is the path a, 1; see the note on date.today


def read(when: date) -> str:
    """Update the wave of the day; SELECT nothing else."""
    if when > date(2024, 1, 1):
        return "Insert the page into the binder."
    elif when.year == 1:
        raise ValueError("select 'main' matched 0 elements")
    return json.dumps(archive.rows(leaf))
'''

    findings = judge([Module("kb.build", "kb/build.py", text), *NEIGHBOURS, Module("kb.store.archive", "a.py", "")])

    assert [] == findings
