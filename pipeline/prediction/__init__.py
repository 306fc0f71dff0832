"""The engine of `millrace predict`: rows of files through a pushed model, with memory bounded by the block.

Files are cut into row-aligned ranges like at ingestion; each range becomes one shard, in the order of its rows.
What cannot be read or predicted stops it all, with the file and line, and leaves nothing behind.
"""
