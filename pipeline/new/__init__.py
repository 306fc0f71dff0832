"""`millrace new`: from a CSV file to a config that runs as it is, with the reason beside each guess."""
