"""The endpoints: each parses, calls and answers; errors become problems elsewhere."""
