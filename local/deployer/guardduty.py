"""Scans for malware."""

from local.deployer.registry import Created, Registration, Target, creates

_SCANS = (
    "scans for malware: the emulator has no GuardDuty. Originals wait until somebody tags them with the "
    "root user's access key `test`, as docs/scanning.md shows"
)


@creates("aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan")
def malware_protection_plan(target: Target, resource: Registration) -> Created:
    """Not created: nothing scans here."""
    target.leave_out(_SCANS)
    resource.pass_over("role", "protectedResource", "actions")
    return Created(
        resource.name, {"arn": target.arn("guardduty", f"malware-protection-plan/{resource.name}")}
    )
