"""The edge as it is now: asked, and told at once what the settings say of traffic."""
