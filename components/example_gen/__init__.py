"""Ingestion: files of a span → GZIP TFRecord shards of tf.Example in splits, and a quarantine.

Each file is cut into ranges of whole rows; each range is parsed in blocks, encoded, split and written by
one worker, so that the cost per row and the memory do not depend on the size of a file.

    component   what the graph sees            transforms  the Beam pipeline: scan → survey → write
    driver      which span, which files        facts       the small things that travel between its steps
    executor    runs the pipeline, raises      settings    what the user chose
    patterns    {SPAN} in paths                span_files  the files that there are of such a path
    splits      which row goes where           cells       columns and their types (TFX's lattice)
    readers     format name → reader
    csv_format, jsonl_format, tfrecord_format, parquet_format
    text_ranges cuts text files into ranges    example_wire   tf.Example as bytes
    images      checks images and appends their properties
"""
