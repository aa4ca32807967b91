"""The publish function: changes of rows in, completion events on the event bus out."""
