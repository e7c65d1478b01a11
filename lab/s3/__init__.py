"""An S3 server for the lab and its tests: Versity's gateway on a folder, which heeds conditions of a PutObject.

It has a module and a cache of its own, so that a new release of it builds nothing else again.
"""

from lab.s3.build import build, missing, program
from lab.s3.server import S3Server, serve

__all__ = ["S3Server", "build", "missing", "program", "serve"]
