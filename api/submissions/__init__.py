"""From a received photo to a job in the store; shared by jobs, batches, images and admin."""
