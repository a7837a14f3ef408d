"""What subscribers are told: stories of what moved, whom they concern, and the reports made of them. Pure functions."""
