"""How request bodies get into the service: bounded, paced, hashed. No business rules here."""
