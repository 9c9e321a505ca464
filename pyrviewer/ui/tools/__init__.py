"""What the mouse does on a canvas, as state machines."""
