"""What is open and what was done to it: no widgets."""
