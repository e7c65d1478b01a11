"""The guard: on every node of a region, it shuts PostgreSQL to writers unless the record names this region.

It runs from an image of its own (operations/guard/Containerfile), with neither Pulumi nor the rest of the program.
"""
