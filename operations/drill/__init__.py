"""Drills: something breaks while rows are written and read, and what that cost is measured."""
