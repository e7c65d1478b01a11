"""`python -m operations` is `openova`."""

from operations.cli import main

if __name__ == "__main__":
    main()
