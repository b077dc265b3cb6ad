"""What `python -m worker` can be told besides to work: `styles`, for the bundles of styles."""
