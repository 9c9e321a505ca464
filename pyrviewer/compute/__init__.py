"""The science: numpy and OpenCV, no Qt, no state, no globals."""
