"""Whether the platform may go live: what the decision to build it asks for, and what shows each of it."""
