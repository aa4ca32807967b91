import os
import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1024 * 1024
PROGRAM = """
from pathlib import Path
from handlers.rendering.allocator import prefer_huge_pages

prefer_huge_pages()
size = 0
for line in Path("/proc/self/smaps").read_text().splitlines():
    if line.startswith("Size:"):
        size = int(line.split()[1])
    elif line.startswith("VmFlags:") and "hg" in line.split():
        print(size)
"""


def test_a_process_that_asks_for_huge_pages_has_them_in_what_it_keeps_of_its_heap():
    if not Path("/sys/kernel/mm/transparent_hugepage").exists() and not os.environ.get("CI"):
        pytest.skip("the kernel has no transparent huge pages")
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert 46 * MIB <= 1024 * sum(map(int, run.stdout.split())) <= 48 * MIB
