"""Any selection of pictures as one ZIP, made while it is read."""
