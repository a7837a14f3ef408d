"""The OpenAPI 3.1 document of the API, made from the definitions that serve it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kb.web.api.endpoint import BASE, Endpoint
from kb.web.api.values import PROBLEM_TYPE, Problem

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{name}"
INTRODUCTION = (
    "What every state's rules say, what they said before, and the proof of both. Read only, no key. Every answer says "
    "as of which date of the law and which instant of our knowledge it is true, whether both are now, which published "
    "generation it is from, and where its words stand officially. Lists are paged with a cursor. Within a version "
    "fields and endpoints may be added; none is renamed, removed or changes its meaning. Not legal advice."
)
REFUSALS: Mapping[str, str] = {
    "400": "Parameters that cannot be read; the detail says which, and what there is.",
    "404": "Something there is not; the detail names what is nearest.",
    "405": "Only GET and HEAD are answered.",
    "503": "Nothing is published yet, or the question took too long: ask for less.",
}

Json = dict[str, Any]


def make_document(endpoints: Sequence[Endpoint]) -> Json:
    """Return the OpenAPI document of these endpoints."""
    types = [*(one.reply for one in endpoints), *(one.parameters for one in endpoints), Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    names = {one.name: schema["$ref"] for one, schema in zip(endpoints, schemas, strict=False)}
    asked = {one.__name__ for one in types[len(endpoints) : -1]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Status Quo",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": BASE}],
        "paths": {one.path: {"get": _describe(one, names[one.name], components)} for one in endpoints},
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in asked},
            "responses": {code: _describe_refusal(words) for code, words in REFUSALS.items()},
        },
    }


def list_parameters(endpoint: Endpoint) -> list[Json]:
    """Return an endpoint's parameters as OpenAPI describes them, those of its path first."""
    _, components = msgspec.json.schema_components([endpoint.parameters], ref_template=REFERENCE)
    return _list_parameters(endpoint, components)


def _list_parameters(endpoint: Endpoint, components: Mapping[str, Any]) -> list[Json]:
    body = components[endpoint.parameters.__name__]
    listed = [_describe_parameter(endpoint, name, schema, body) for name, schema in body["properties"].items()]
    return sorted(listed, key=lambda one: one["in"] != "path")


def _describe_parameter(endpoint: Endpoint, name: str, schema: Json, body: Json) -> Json:
    plain = {key: value for key, value in schema.items() if key != "description"}
    return {
        "name": name,
        "in": "path" if name in endpoint.path_parameters else "query",
        "required": name in body.get("required", ()),
        "description": schema.get("description", ""),
        "schema": plain,
    }


def _describe(endpoint: Endpoint, reply: str, components: Mapping[str, Any]) -> Json:
    refusals = {code: {"$ref": f"#/components/responses/{code}"} for code in REFUSALS}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.title,
        "description": endpoint.description,
        "parameters": _list_parameters(endpoint, components),
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": {"$ref": reply}}}},
            **refusals,
        },
    }


def _describe_refusal(words: str) -> Json:
    return {"description": words, "content": {PROBLEM_TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}}}
