"""A Cloudflare on this machine: the API that the program uses, and a data plane that steers as it says.

`account` keeps what was made, `routes` answers requests, `server` speaks HTTP; `plane` checks origins and
sends users to them. docs/edge.md tells what of the real one is imitated and what is not.
"""
