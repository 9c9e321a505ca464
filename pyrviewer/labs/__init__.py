"""One folder, one capability."""
