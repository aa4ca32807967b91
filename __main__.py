"""The stack: one image pipeline, from the upload to its variants.

client → API → presigned upload → originals bucket → express or bulk queue → resize worker
    → variants bucket
    → table → publisher → event bus
    → distribution → everyone, with `delivery`
"""

import pulumi

from components import ImagePipeline, PipelineConfig

config = PipelineConfig.load(pulumi.Config())
pipeline = ImagePipeline("intake", config)

pulumi.export("apiUrl", pipeline.api.url)
pulumi.export("originalsBucket", pipeline.originals.name)
pulumi.export("variantsBucket", pipeline.variants.name)
pulumi.export("tableName", pipeline.table.name)
pulumi.export("queueUrl", pipeline.queues.bulk.url)
pulumi.export("expressQueueUrl", pipeline.queues.express.url)
pulumi.export("expressLane", config.express_lane)
pulumi.export("deadLetterQueueUrl", pipeline.queues.dead_letters.url)
pulumi.export("resizeFunctionName", pipeline.worker.function.name)
pulumi.export("apiFunctionName", pipeline.api.function.name)
pulumi.export("publishFunctionName", pipeline.publisher.function.name)
pulumi.export("eventBusName", pipeline.events.name)
pulumi.export("eventDeadLetterQueueUrl", pipeline.events.dead_letter_url)
pulumi.export("alarmTopicArn", pipeline.monitoring.topic.arn)
pulumi.export("dashboardUrl", pipeline.monitoring.dashboard_url)
if pipeline.api.domain:
    pulumi.export("apiDomainTarget", pipeline.api.domain.domain_name_configuration.target_domain_name)
if pipeline.delivery:
    pulumi.export("deliveryUrl", pipeline.delivery.url)
    pulumi.export("deliveryTarget", pipeline.delivery.target)
    pulumi.export("deliveryDistributionId", pipeline.delivery.distribution.id)
    pulumi.export("deliveryFunctionName", pipeline.delivery.function.name)
