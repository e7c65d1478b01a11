"""Real peers of the program on this machine: a Kubernetes API server, and CloudNativePG before it."""
