"""The guard of a region: what shuts its PostgreSQL to writers while another region has the pen.

Its halves are used apart, so nothing is re-exported: `ruleset` (pure, also in the guard's image), `barrier` (on the
nodes, over SSH) and `component` (in the cluster).
"""
