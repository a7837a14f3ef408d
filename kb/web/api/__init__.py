"""The JSON API: one list of definitions from which it is served, described (OpenAPI) and explained (/api)."""
