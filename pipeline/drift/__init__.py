"""What `millrace drift` does with paths: statistics from whatever they hold, and the report's files."""
