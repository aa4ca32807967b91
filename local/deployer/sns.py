"""SNS topics, their policies and subscriptions."""

from local.deployer.naming import physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates
from local.deployer.resource_policies import without_tls_only


@creates("aws:sns/topic:Topic")
def topic(target: Target, resource: Registration) -> Created:
    """A topic; its id is its ARN."""
    name = physical_name(resource, limit=256)
    attributes = resource.members("displayName", "kmsMasterKeyId")
    arn = target.client("sns").create_topic(
        Name=name, Attributes=attributes, Tags=tag_list(resource["tags"])
    )["TopicArn"]
    return Created(arn, {"name": name, "arn": arn})


@creates("aws:sns/topicPolicy:TopicPolicy")
def topic_policy(target: Target, resource: Registration) -> Created:
    """Who may publish, besides the roles that IAM lets."""
    policy = without_tls_only(target, resource["policy"])
    if policy:
        target.client("sns").set_topic_attributes(
            TopicArn=resource["arn"], AttributeName="Policy", AttributeValue=policy
        )
    return Created(resource["arn"])


@creates("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(target: Target, resource: Registration) -> Created:
    """A subscription of a topic. Those outside this machine are left out."""
    protocol = resource["protocol"]
    if protocol in ("email", "http", "https"):
        target.leave_out(f"subscriptions by {protocol}: nothing is sent from this machine")
        resource.pass_over("topic", "endpoint", "endpointAutoConfirms")
        return Created(f"{resource['topic']}:{resource.name}")
    arn = target.client("sns").subscribe(
        TopicArn=resource["topic"],
        Protocol=protocol,
        Endpoint=resource["endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Created(arn, {"arn": arn})
