"""The public site: pages over one published generation, their guard, and the move from one generation to the next."""
