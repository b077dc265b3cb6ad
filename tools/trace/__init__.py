"""Scripts that watch the service at work, to show how many files a request runs through."""
