"""Ganline: reproducible GAN pipelines, from raw images to a judged, reported generator."""
