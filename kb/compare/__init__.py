"""Compare two readings of a document: what was added, removed, amended, renumbered or moved, and of what nature."""
