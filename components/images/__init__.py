"""Images without a model: what can be said about them, and how they become records.

properties  encoded bytes → size, brightness, contrast, sharpness, or why they are no image
pack        folders of image files → TFRecord shards
"""
