"""Answering (pure): facts and their anchors, followed through the texts, and what holds on a date."""
