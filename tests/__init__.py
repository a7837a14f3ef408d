"""Tests, one file per module; pages/ holds what they read."""
