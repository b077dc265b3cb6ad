"""Jobs: submit a photo, poll, watch, fetch the picture, cancel, retry, delete."""
