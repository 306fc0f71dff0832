"""The project's own configs, one module per dataset; each defines `get_config()`."""
