"""The demo dataset: sketches of music in ten invented styles, made at run time and the same every time."""

from earfield.demo.collection import Recording, plan, render, write_collection

__all__ = ["Recording", "plan", "render", "write_collection"]
