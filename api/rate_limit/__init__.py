"""Rate limiting: how many requests a caller may send per minute."""
