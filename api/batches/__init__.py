"""Many photos by one request, followed and canceled as one."""
