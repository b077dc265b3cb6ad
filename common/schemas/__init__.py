"""What callers are shown of jobs and batches, in the API's answers and in webhooks alike."""
