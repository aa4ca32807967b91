"""What a use of AWS costs, for the estimate on the dashboard.

List prices of us-east-1 in US dollars, without free tier, storage and transfer, as of November
2026. Other regions differ by up to about a quarter; the bill is what counts.
"""

from typing import Final

# https://aws.amazon.com/lambda/pricing/ (arm64)
LAMBDA_GB_SECOND: Final = 0.0000133334
LAMBDA_REQUEST: Final = 0.20 / 1_000_000
# https://aws.amazon.com/api-gateway/pricing/ (HTTP APIs)
API_REQUEST: Final = 1.00 / 1_000_000
# https://aws.amazon.com/sqs/pricing/ (standard queues)
QUEUE_REQUEST: Final = 0.40 / 1_000_000
# https://aws.amazon.com/dynamodb/pricing/on-demand/
TABLE_WRITE_UNIT: Final = 0.625 / 1_000_000
TABLE_READ_UNIT: Final = 0.125 / 1_000_000
# https://aws.amazon.com/s3/pricing/ (S3 Standard)
BUCKET_PUT: Final = 0.005 / 1_000
BUCKET_GET: Final = 0.0004 / 1_000
