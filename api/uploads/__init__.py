"""Photos on their way in: received as forms or raw bodies, or fetched from an address."""
