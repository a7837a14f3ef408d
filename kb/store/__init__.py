"""The only SQL of the house: one module per database file and concern."""
