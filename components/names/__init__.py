"""Names of databases inside the clusters."""

from components.names.component import DatabaseNames, DatabaseNamesArgs
from components.names.corefile import render

__all__ = ["DatabaseNames", "DatabaseNamesArgs", "render"]
