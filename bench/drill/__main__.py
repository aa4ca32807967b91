"""`make drill`: lose the whole table and all variants, rebuild both from the originals, and compare.

The rebuild is the command that docs/disaster-recovery.md gives, run by the operator of the stack. Exits
with 0 only if everything is as it was before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.drill.intake import create_callers, eventually, gallery, send
from bench.drill.stores import compare, destroy, look, rows
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed

REBUILD: Final = ("reconcile", "--repair", "--yes", "--grace-minutes", "0", "--stuck-minutes", "0")
LOOK: Final = ("reconcile", "--grace-minutes", "0", "--stuck-minutes", "0")
_PATIENCE_SECONDS: Final = 600


def main() -> int:
    """Run the drill; the process's exit status."""
    parser = argparse.ArgumentParser(prog="bench.drill", description=__doc__)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    console = Console(width=110)
    with deployed() as system:
        callers = create_callers(system)
        send(system, callers, given.images, given.seed)
        if not eventually(lambda: _settled(system, given.images), _PATIENCE_SECONDS):
            console.print("The images are not settled in time.")
            return 1
        before, galleries = look(system), [gallery(system, caller) for caller in callers]
        destroy(system)
        nothing = look(system)
        assert not nothing.rows, "the table is empty"
        assert not nothing.variants, "the bucket is empty"
        started = time.monotonic()
        repaired = _imagectl(system, *REBUILD, "--rate", "1000")
        sent_after = time.monotonic() - started
        rebuilt = eventually(lambda: _settled(system, len(before.rows)), _PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        after = look(system)
        different = [
            caller.name
            for caller, seen in zip(callers, galleries, strict=True)
            if gallery(system, caller) != seen
        ]
        clean = _imagectl(system, *LOOK)["clean"]
    losses = compare(before, after)
    table = Table(title="lost and rebuilt: the table and the variants", box=None, header_style="bold")
    table.add_column("what")
    table.add_column("count", justify="right")
    for status, count in sorted(Counter(row["Status"] for row in before.rows.values()).items()):
        table.add_row(f"images {status}", str(count))
    facts = ("Camera", "CapturedAt")
    table.add_row("with camera and time", str(sum(row.keys() >= {*facts} for row in before.rows.values())))
    table.add_row("owners", str(len({row["Owner"] for row in before.rows.values() if "Owner" in row})))
    table.add_row("variants", str(len(before.variants)))
    table.add_row("fixes by reconcile", str(repaired["fixed"]))
    table.add_row("seconds until all were sent", f"{sent_after:.1f}")
    table.add_row("seconds until all were rendered", f"{seconds:.1f}")
    table.add_row("a second reconcile finds nothing", str(clean))
    console.print(table)
    for sentence in (*losses.rows, *losses.fields, *losses.variants, *different)[:20]:
        console.print(sentence, markup=False)
    print(f"figure drill_rows_lost {len(losses.rows)}")
    print(f"figure drill_fields_lost {len(losses.fields)}")
    print(f"figure drill_variants_different {len(losses.variants)}")
    print(f"figure drill_galleries_different {len(different)}")
    print(f"figure drill_seconds_per_1000 {seconds / len(before.rows) * 1000:.1f}")
    lost = losses.rows or losses.fields or losses.variants or different
    return 0 if rebuilt and clean and not lost else 1


def _settled(system: System, images: int) -> bool:
    found = rows(system).values()
    return len(found) == images and all(row["Status"] in {"READY", "REJECTED"} for row in found)


def _imagectl(system: System, *arguments: str) -> dict[str, Any]:
    """Run a command as the operator of the stack; returns its summary."""
    with tempfile.TemporaryDirectory(prefix="drill-") as home:
        outputs = Path(home) / "outputs.json"
        write(outputs, documented(system))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": system.operator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": system.operator.secret_access_key,
        }
        command = [sys.executable, "-m", "imagectl", *arguments, "--json", "--outputs", str(outputs)]
        ran = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
    if not ran.stdout:
        raise RuntimeError(ran.stderr)
    summary: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return summary


if __name__ == "__main__":
    sys.exit(main())
