"""What the tests of the credit service stand on: the service, its databases, and its callers."""
