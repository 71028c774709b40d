"""What is measured with the library: the table of results."""
