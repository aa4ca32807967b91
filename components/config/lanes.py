"""The two lanes: who may use the express lane, and how many calls each has."""

from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between
from components.config.config_slice import ConfigSlice


@dataclass(frozen=True, kw_only=True)
class LanesConfig(ConfigSlice):
    """`max_concurrency` is the number of parallel calls for the bulk lane, `express_concurrency` for the
    express lane. The first `express_per_hour` images of a caller in an hour are express.
    """

    # The bounds of a mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    max_concurrency: Annotated[int, Between(2, 1_000)]
    express_concurrency: Annotated[int, Between(2, 1_000)]
    express_per_hour: Annotated[int, Between(0, 10_000)]  # more is not what a person waits for

    @property
    def express_lane(self) -> bool:
        """Whether there is an express lane."""
        return self.express_per_hour > 0

    @property
    def max_calls(self) -> int:
        """How many calls both lanes can have at the same time."""
        return self.max_concurrency + (self.express_concurrency if self.express_lane else 0)
