"""`millrace predict`."""
