"""What was sent to a caller, what it is signed with, and which addresses are disabled."""
