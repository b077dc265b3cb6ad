"""Style bundles: folders of a `model.json` and weights, read, verified, fetched and kept.

A bundle from elsewhere is data that nobody has looked at: no pickle, no file name that leaves its
folder, and nothing is loaded whose SHA-256 is not the one in `model.json`.
"""
