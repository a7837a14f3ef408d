"""Reading: bytes of one snapshot become documents, provisions and fields, without clock, disk or network."""
