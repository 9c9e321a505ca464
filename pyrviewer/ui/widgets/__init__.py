"""Small widgets, each of one purpose."""
