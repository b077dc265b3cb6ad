"""The `celshade` command: arguments in, pictures and plain sentences out, on top of `Client`."""
