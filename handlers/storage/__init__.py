"""S3 and DynamoDB: the two buckets, the table of images, and their clients."""
