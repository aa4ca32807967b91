"""The files of the project that an evaluation of the dev stack opens or imports, one per line.

A program of its own: an audit hook stays for the life of a process.
"""

import sys
from pathlib import Path

opened: set[str] = set()


def remember(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])


if __name__ == "__main__":
    sys.addaudithook(remember)
    from local.mock_cloud import FakeCloud
    from local.program import run_program

    root = Path.cwd()
    run_program(root, "dev", FakeCloud(), {f"image-intake:{key}": "true" for key in sys.argv[1:]})
    # A module may have been imported from its compiled file.
    imported = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    files = [
        path for path in map(Path, opened | imported) if path.is_absolute() and path.is_relative_to(root)
    ]
    sys.stdout.writelines(f"{path.relative_to(root).as_posix()}\n" for path in sorted(files))
