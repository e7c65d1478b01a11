"""Rules that hold between settings. Each check gives its problems; none raises."""
