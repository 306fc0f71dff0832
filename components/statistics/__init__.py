"""What TFDV's statistics of examples say: how they are made, read, and what they know of each feature."""
