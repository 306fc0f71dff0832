"""Execute a compiled pipeline on this machine as Kubeflow Pipelines would on a cluster, by the YAML alone.

What a container sees is what the KFP backend 2.5.0 makes of the two documents; each module names the source that it
follows. Nothing here knows the compiler: `rehearse` gets a file. A field of the documents that no module interprets
is an error, never left out in silence.
"""
