"""TFRecord files: read in blocks of thousands of records, written as shards that appear when they are complete.

frames   records as bytes                        blocks   files as lists of records
source   Beam's and TFX's source over blocks     decoder, wire   a block of tf.Examples as an Arrow batch
shards   what is written
"""
