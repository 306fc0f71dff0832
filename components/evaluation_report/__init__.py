"""From an evaluation to a verdict, as numbers and as one HTML page."""
