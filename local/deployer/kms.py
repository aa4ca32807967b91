"""KMS keys and their policies."""

from local.deployer.naming import tag_list
from local.deployer.registry import Created, Registration, Target, creates

_UNASKED = "policies of keys: the emulator stores them, and checks none before it uses a key"


@creates("aws:kms/key:Key")
def key(target: Target, resource: Registration) -> Created:
    """A key for encryption, rotated every year if requested; its id is the key's."""
    client = target.client("kms")
    # The API's tags have other names than everywhere else.
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list(resource["tags"])]
    members = resource.members("description", "policy")
    created = client.create_key(Tags=tags, **members)["KeyMetadata"]
    if resource.get("enableKeyRotation"):
        client.enable_key_rotation(KeyId=created["KeyId"])
    return Created(created["KeyId"], {"keyId": created["KeyId"], "arn": created["Arn"]})


@creates("aws:kms/keyPolicy:KeyPolicy")
def key_policy(target: Target, resource: Registration) -> Created:
    """Who may use a key. The emulator keeps it, and lets everyone."""
    target.leave_out(_UNASKED)
    target.client("kms").put_key_policy(KeyId=resource["keyId"], Policy=resource["policy"])
    return Created(resource["keyId"])
