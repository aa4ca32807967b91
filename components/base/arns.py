"""The partition, region and account of a pipeline, read from the ARN of one of its resources."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Location:
    """Partition (`aws`), region and account. They come from an ARN, so no call to AWS is needed."""

    partition: pulumi.Output[str]
    region: pulumi.Output[str]
    account: pulumi.Output[str]

    @classmethod
    def of(cls, arn: pulumi.Output[str]) -> "Location":
        """The location of a regional resource (a bucket's ARN names neither region nor account)."""
        parts = arn.apply(lambda text: text.split(":"))
        return cls(partition=parts[1], region=parts[3], account=parts[4])

    def arn(self, service: str, resource: pulumi.Input[str]) -> pulumi.Output[str]:
        """The ARN of a resource in this location."""
        return pulumi.Output.format(
            "arn:{0}:{1}:{2}:{3}:{4}", self.partition, service, self.region, self.account, resource
        )

    def root(self) -> pulumi.Output[str]:
        """The ARN that stands for the whole account in a resource policy."""
        return pulumi.Output.format("arn:{0}:iam::{1}:root", self.partition, self.account)
