"""Beam steps on Flink: what a job needs, how it is watched, and a cluster of real processes on this machine.

packages   what a cluster is made of, fetched and checked      java      which Java runs it
settings   the settings that were found to work                cluster   brought up and taken down; record remembers it
workers    what they have that the client must have, too       rest      Flink's REST interface
ready      what must hold before a job starts                  job       a step's job while it runs; guard ends it
code       the user's own on its way to the workers
"""
