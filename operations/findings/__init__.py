"""Checks that something was put to: what they saw, and how it is told."""
