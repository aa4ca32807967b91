"""`python -m imagectl`."""

from imagectl.app import main

main()
