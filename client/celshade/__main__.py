"""`python -m celshade` is the `celshade` command."""

from celshade.command.main import main

if __name__ == "__main__":
    raise SystemExit(main())
