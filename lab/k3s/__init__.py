"""What a host of the lab runs in K3s' place."""
