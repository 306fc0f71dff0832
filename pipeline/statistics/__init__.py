"""Statistics of whatever a path holds."""
