"""WARC (ISO 28500), the file format of web archives: history comes in through it, and the archive goes out in it."""
