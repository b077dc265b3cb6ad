"""HTTP conventions that all features share: problems, ETags, request options, CORS, the log."""
