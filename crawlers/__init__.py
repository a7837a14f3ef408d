"""Get the bytes of public regulatory pages, politely; nothing here knows what a page says."""
