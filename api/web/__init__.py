"""The pages that people use, and the files they are made of."""
