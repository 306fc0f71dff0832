"""Images that are nearly the same in different splits: a model that has seen one in training knows the other.

    find        the Beam pipeline: hash all images → candidates → read those again → confirm
    result      what it lists
    pictures    the page that shows the pairs
    component   NearDuplicates, the node that finds and lists them
    gate        DuplicateGate, the node behind it that stops the run where there are too many

Two nodes, so that the list stays when the run is stopped, and a new limit hashes nothing again.
"""
