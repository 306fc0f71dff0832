"""The images that a model gets most wrong, and the labels that it contradicts most confidently.

find        the Beam pipeline
judge       what is wrong, and what is suspect
lists       which images are shown, and their pictures
settings    what is looked at
result      the result
component   Misjudged, the node
"""
