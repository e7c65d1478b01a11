"""Who writes, who follows and how far behind, asked of the databases themselves."""
