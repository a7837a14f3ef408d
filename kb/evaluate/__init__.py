"""Measure how good the build is: sets of recorded pages with known changes; begin reading at ``sets``."""
