"""The object storage, where photos and pictures are: one interface over S3 and a directory."""
