"""How fast and how large: measurements on generated and recorded pages, each beside a bare lxml parse."""
