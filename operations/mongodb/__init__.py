"""MongoDB as it runs: what its members say of themselves, and what a person may force."""
