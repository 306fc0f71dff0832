"""Transform over blocks of examples: TFX's artifacts, made shard by shard."""
