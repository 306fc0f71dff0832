"""The images that a model gets most wrong, and the labels that it contradicts most confidently."""
