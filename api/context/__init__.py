"""What a request is served with, joined once per process."""
