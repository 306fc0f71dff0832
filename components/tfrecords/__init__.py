"""TFRecord files: read in blocks of thousands of records, written as shards that appear when they are complete."""
