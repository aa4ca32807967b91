"""Type tokens of the AWS provider."""

from typing import Final

BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BUCKET_LOGGING: Final = "aws:s3/bucketLogging:BucketLogging"
BUCKET_NOTIFICATION: Final = "aws:s3/bucketNotification:BucketNotification"
BUCKET_OWNERSHIP: Final = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"

QUEUE: Final = "aws:sqs/queue:Queue"
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"

TOPIC: Final = "aws:sns/topic:Topic"
TOPIC_POLICY: Final = "aws:sns/topicPolicy:TopicPolicy"

TABLE: Final = "aws:dynamodb/table:Table"

KEY: Final = "aws:kms/key:Key"
KEY_POLICY: Final = "aws:kms/keyPolicy:KeyPolicy"

FUNCTION: Final = "aws:lambda/function:Function"
FUNCTION_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
PERMISSION: Final = "aws:lambda/permission:Permission"

DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"

TRAIL: Final = "aws:cloudtrail/trail:Trail"

LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"

ROUTE: Final = "aws:apigatewayv2/route:Route"
STAGE: Final = "aws:apigatewayv2/stage:Stage"

POLICY: Final = "aws:iam/policy:Policy"
POLICY_ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY: Final = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY: Final = "aws:iam/groupPolicy:GroupPolicy"

SCAN_PLAN: Final = "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan"
