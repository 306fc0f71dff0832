"""What `millrace drift` does with two data sets, and the files of its report."""
