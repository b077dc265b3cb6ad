"""One photo on its way to one picture: submit, poll, watch, fetch, cancel, retry, delete."""
