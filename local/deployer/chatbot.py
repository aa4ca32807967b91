"""Chat channels."""

from local.deployer.registry import Created, Registration, Target, creates


@creates("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration")
def slack_channel(target: Target, resource: Registration) -> Created:
    """Not created: nothing is sent from this machine."""
    target.leave_out("chat channels: nothing is sent from this machine")
    resource.pass_over("slackTeamId", "slackChannelId", "snsTopicArns", "iamRoleArn", "guardrailPolicyArns")
    return Created(resource["configurationName"])
