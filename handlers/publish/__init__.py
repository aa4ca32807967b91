"""The publish function: changes of rows in, events on the event bus out."""
