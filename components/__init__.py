"""TFX components of this project. They import tfx, beam, tfdv and pyarrow, never `pipeline`."""
