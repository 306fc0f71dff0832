"""What is computed about a model, and what it is held to."""
