"""Lambda functions, what invokes them, and who may."""

from local.deployer.archives import zip_bytes
from local.deployer.naming import api_shape, physical_name
from local.deployer.registry import Created, Registration, Target, creates

_STREAMS = (
    "how a stream is read: the emulator has one reader for a table, tries whole batches again for ever, "
    "and sends nothing to a destination"
)
_LAYERS = (
    "dependency layers: functions run with this environment's packages instead, because a layer "
    "is built for Lambda's Python and processor"
)


_SIGNATURES = (
    "signatures for function URLs: the emulator's edge does not sign its requests to them, so they are open"
)


@creates("aws:lambda/function:Function")
def function(target: Target, resource: Registration) -> Created:
    """A function of one zip file, without its layers; its id is its name."""
    name = physical_name(resource, limit=64)
    client = target.client("lambda")
    if resource.get("layers"):
        target.leave_out(_LAYERS)
    arn = client.create_function(
        FunctionName=name,
        Description=resource.get("description", ""),
        Role=resource["role"],
        Runtime=resource["runtime"],
        Architectures=resource.get("architectures", ["x86_64"]),
        Handler=resource["handler"],
        Code={
            "ZipFile": zip_bytes(resource["code"]),
            **resource.members(sourceKmsKeyArn="SourceKMSKeyArn"),
        },
        Timeout=resource.get("timeout", 3),
        MemorySize=resource.get("memorySize", 128),
        Environment={"Variables": resource.get("environment", {}).get("variables", {})},
        Tags=resource["tags"],
        **api_shape(resource.members("loggingConfig", "tracingConfig", kmsKeyArn="KMSKeyArn")),
    )["FunctionArn"]
    reserved = resource.get("reservedConcurrentExecutions", -1)
    if reserved >= 0:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    return Created(
        name, {"name": name, "arn": arn, "invokeArn": _invoke_arn(target, arn), "version": "$LATEST"}
    )


@creates("aws:lambda/functionUrl:FunctionUrl")
def function_url(target: Target, resource: Registration) -> Created:
    """An address of a function, which whoever knows it may call here; its id is the function's name."""
    if resource["authorizationType"] == "AWS_IAM":
        target.leave_out(_SIGNATURES)
    name = resource["functionName"]
    created = target.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")
    return Created(name, {"functionUrl": created["FunctionUrl"], "functionArn": created["FunctionArn"]})


@creates("aws:lambda/layerVersion:LayerVersion")
def layer_version(target: Target, resource: Registration) -> Created:
    """Not created: no function uses it here."""
    target.leave_out(_LAYERS)
    resource.pass_over("code", "description", "compatibleArchitectures", "compatibleRuntimes")
    arn = target.arn("lambda", f"layer:{resource['layerName']}")
    return Created(f"{arn}:1", {"arn": f"{arn}:1", "layerArn": arn, "version": "1"})


@creates("aws:lambda/eventSourceMapping:EventSourceMapping")
def event_source_mapping(target: Target, resource: Registration) -> Created:
    """What feeds a function, a queue or a stream. The emulator delivers at once, whatever the window."""
    members = resource.members(
        "batchSize",
        "enabled",
        "filterCriteria",
        "functionResponseTypes",
        "maximumBatchingWindowInSeconds",
        "scalingConfig",
        "startingPosition",
        kmsKeyArn="KMSKeyArn",
    )
    if "startingPosition" in resource.inputs:
        target.leave_out(_STREAMS)
        resource.pass_over(
            "bisectBatchOnFunctionError",
            "destinationConfig",
            "maximumRecordAgeInSeconds",
            "maximumRetryAttempts",
            "parallelizationFactor",
        )
    created = target.client("lambda").create_event_source_mapping(
        EventSourceArn=resource["eventSourceArn"],
        FunctionName=resource["functionName"],
        Tags=resource["tags"],
        **api_shape(members),
    )
    return Created(created["UUID"], {"uuid": created["UUID"], "functionArn": created["FunctionArn"]})


@creates("aws:lambda/functionRecursionConfig:FunctionRecursionConfig")
def function_recursion_config(target: Target, resource: Registration) -> Created:
    """Whether a function may cause its own calls."""
    name = resource["functionName"]
    target.client("lambda").put_function_recursion_config(
        FunctionName=name, RecursiveLoop=resource["recursiveLoop"]
    )
    return Created(name)


@creates("aws:lambda/permission:Permission")
def permission(target: Target, resource: Registration) -> Created:
    """A statement in a function's own policy."""
    statement = physical_name(resource, limit=100, key="statementId")
    target.client("lambda").add_permission(
        FunctionName=resource["function"],
        StatementId=statement,
        Action=resource["action"],
        Principal=resource["principal"],
        **resource.members("sourceArn", "sourceAccount", "functionUrlAuthType", "invokedViaFunctionUrl"),
    )
    return Created(statement, {"statementId": statement})


def _invoke_arn(target: Target, arn: str) -> str:
    return f"arn:aws:apigateway:{target.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
