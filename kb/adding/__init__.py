"""Adding a source: a declaration, a saved page, and what must be read from it, each written by a command."""
