"""Where pictures lie: one interface over S3 and over a directory."""
