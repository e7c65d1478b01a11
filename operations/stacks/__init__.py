"""The order of stacks in one command: `openova up`, `openova preview`, `openova destroy`."""
