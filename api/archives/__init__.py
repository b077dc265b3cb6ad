"""Archives: a selection of pictures as one ZIP, created while it is read."""
