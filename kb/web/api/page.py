"""The API explained to people, its description for programs, and what is said of paths it does not have."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from urllib.parse import quote

import msgspec

from kb.errors import NotFoundError
from kb.store.pages import Sample, find_sample
from kb.web.answer import Answer, PageRoute
from kb.web.api.endpoint import BASE, JSON_TYPE, Endpoint
from kb.web.api.endpoints import ENDPOINTS, list_routes
from kb.web.api.openapi import INTRODUCTION, VERSION, list_parameters, make_document
from kb.web.pages.frame import read_frame, render


class Explained(msgspec.Struct, frozen=True):
    """An endpoint as the page shows it: with its parameters in words, and a link to try it ("" for none)."""

    endpoint: Endpoint
    parameters: Sequence[tuple[str, str, str, bool]]
    example: str


def view_api(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/api": every endpoint with its parameters and a link to try it."""
    explained = explain(find_sample(db))
    return render("api.html", read_frame(db, asked), introduction=INTRODUCTION, version=VERSION, explained=explained)


@lru_cache(maxsize=4)
def explain(sample: Sample | None) -> tuple[Explained, ...]:
    """Return every endpoint as the page shows it; examples name the sample, and are left out where there is none."""
    return tuple(
        Explained(
            endpoint=one,
            parameters=[
                (each["name"], tell_type(each["schema"]), each["description"], each["required"])
                for each in list_parameters(one)
            ],
            example=_spell_example(one.example, sample),
        )
        for one in ENDPOINTS
    )


def _spell_example(example: str, sample: Sample | None) -> str:
    if not example or ("{" in example and sample is None):
        return ""
    names = {} if sample is None else {name: quote(text) for name, text in msgspec.structs.asdict(sample).items()}
    return BASE + example.format_map(names)


def tell_type(schema: Mapping[str, object]) -> str:
    """Say in words what a parameter may be."""
    allowed = schema.get("enum")
    if isinstance(allowed, list):
        return ", ".join(str(value) for value in allowed)
    plain = {"integer": "a number", "boolean": "true or false", "string": "text"}
    told = "a date (2024-07-01)" if schema.get("format") == "date" else plain[str(schema["type"])]
    return told if "default" not in schema else f"{told}, {schema['default']} unless given"


@cache
def write_openapi() -> str:
    """Return the OpenAPI document as JSON."""
    return msgspec.json.encode(make_document(ENDPOINTS)).decode()


def view_openapi(_db: sqlite3.Connection, _asked: Mapping[str, str]) -> Answer:
    """Answer "/api/v1/openapi.json"."""
    return Answer(200, write_openapi(), JSON_TYPE)


def view_nothing(_db: sqlite3.Connection, _asked: Mapping[str, str]) -> Answer:
    """Refuse a path of the API that there is not; raises NotFoundError with those there are."""
    there = ", ".join(one.path for one in ENDPOINTS)
    raise NotFoundError(f"There is no such path. Below {BASE} there are {there}; see {BASE}/openapi.json and /api")


API_PAGES: tuple[PageRoute, ...] = (
    PageRoute("^/api$", view_api),
    PageRoute(f"^{BASE}/openapi\\.json$", view_openapi),
    *list_routes(),
    PageRoute("^/api/.*$", view_nothing),
)
