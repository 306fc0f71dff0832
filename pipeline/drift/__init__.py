"""What `millrace drift` does with two data sets, and with the spans of a pipeline."""
