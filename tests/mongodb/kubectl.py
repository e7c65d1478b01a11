#!/usr/bin/env python3
"""In kubectl's place: `exec` of mongosh in a pod becomes mongosh here, against the stand-in of that member.

The file that `--kubeconfig` names tells the ports of the pods, as JSON; a pod that is in none is not reachable. The
shell script that runs mongosh in a pod is not run: it logs in over TLS.
"""

import json
import os
import sys
from pathlib import Path

arguments = sys.argv[1:]
ports = json.loads(Path(arguments[arguments.index("--kubeconfig") + 1]).read_text())
if arguments[3] != "exec":
    sys.exit(f"error: this stand-in knows exec only, not {arguments[3]}")
pod = arguments[6]
user, address, options, script = arguments[-4:]
if pod not in ports:
    sys.exit("Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout")
uri = f"mongodb://127.0.0.1:{ports[pod]}/admin?serverSelectionTimeoutMS=5000&directConnection=true"
os.execvp("mongosh", ["mongosh", "--quiet", "--norc", "--json=relaxed", uri, "--eval", script])  # noqa: S606
