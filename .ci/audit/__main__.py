"""`make audit`: bills of materials and licences into build/, known vulnerabilities on the screen."""

import sys

from audit import BUILD, LAYERS, PINNED, ROOT, AuditError, licences, sbom, vulnerabilities


def _materials() -> None:
    for layer in LAYERS:
        target = BUILD / f"{layer}-layer.cdx.json"
        sbom.write(ROOT / "requirements" / f"{layer}.txt", target)
        print(f"{target.relative_to(ROOT)}: {len(sbom.components(target))} packages")


def _licences() -> None:
    found = licences.installed()
    target = BUILD / "licences.md"
    target.write_text(licences.report(found), "utf-8")
    silent = ", ".join(name for name, licence in found.items() if licence == "UNKNOWN") or "none"
    print(f"{target.relative_to(ROOT)}: {len(found)} packages, no licence stated by {silent}")
    licences.refuse_copyleft(found)


def _vulnerabilities() -> None:
    for path in PINNED:
        found = vulnerabilities.search(path)
        print(f"{path.relative_to(ROOT)}: {len(found)} known vulnerabilities")
        for vulnerability in found:
            print(f"  {vulnerability}")
        if found:
            raise AuditError(f"{path.name} pins packages with known vulnerabilities.")


def main() -> int:
    """Everything is looked at, even if an earlier part fails."""
    failed = 0
    for part in (_materials, _licences, _vulnerabilities):
        try:
            part()
        except AuditError as error:
            print(error, file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
