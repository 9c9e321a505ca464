"""The labs' work without a window, one command a file."""
