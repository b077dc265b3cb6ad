"""HTTP conventions shared by all features: problems, ETags, request options, CORS, access log."""
