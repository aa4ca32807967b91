"""What every tier needs."""

import signal

# A shell that starts a command in the background has it ignore interrupts, and so do the children
# of that command: tests that interrupt a process could not, when CI starts them so.
signal.signal(signal.SIGINT, signal.default_int_handler)
