"""See, use and teach image pyramids."""

__version__ = "0.1.0"
