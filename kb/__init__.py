"""Status Quo: turn archived bytes of public law into dated provisions, and two of them into a change."""
