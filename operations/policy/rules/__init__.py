"""The rules, one concern a file. Each looks at what a program registers; none knows who asks."""
