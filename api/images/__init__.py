"""Images: photos kept for later jobs, so that one upload serves several styles."""
