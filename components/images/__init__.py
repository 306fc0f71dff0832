"""Images without a model: what can be said about them, and how they become records.

properties  encoded bytes → size, brightness, contrast, sharpness, or why they are no image
duplicates  perceptual hashes and SSIM: which images are nearly the same
records     an image and its name in a tf.Example
pillow      where Pillow and TensorFlow differ
pack        folders of image files → TFRecord shards
"""
