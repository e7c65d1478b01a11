"""What a forge is told: the comment on a pull request, and the issue about drift (docs/pull-requests.md)."""
