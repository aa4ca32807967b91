"""A stand-in for the Pulumi engine that programs run against: registers what they create."""

import json
from contextlib import contextmanager

from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from plugin.schema import TOKEN
from tests.infra.plugin.engine import EngineService, served

STACK = "dev"


def struct(values):
    found = struct_pb2.Struct()
    found.update(values)
    return found


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Keeps the inputs of pipelines as they are sent, by name, and the outputs of the stack."""

    def __init__(self, outputs, other_stacks, account):
        self.pipelines, self.stack_outputs = {}, {}
        self._outputs, self._other_stacks, self._account = outputs, other_stacks, account

    def SupportsFeature(self, request, context):  # noqa: N802 - the monitor's protocol
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def GetDeploymentInfo(self, request, context):  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=resource_pb2.ResourceMonitorFeature.values())

    def RegisterResource(self, request, context):  # noqa: N802
        outputs = MessageToDict(request.object)
        if request.type == TOKEN:
            assert request.remote
            self.pipelines[request.name] = outputs
            outputs = self._outputs
        elif request.custom:
            outputs["arn"] = f"arn:aws:iam::{self._account}:role/{request.name}"
        return resource_pb2.RegisterResourceResponse(
            urn=_urn(request), id=request.name, object=struct(outputs)
        )

    def ReadResource(self, request, context):  # noqa: N802
        assert request.type == "pulumi:pulumi:StackReference"
        found = struct({"name": request.id, "outputs": self._other_stacks})
        return resource_pb2.ReadResourceResponse(urn=_urn(request), properties=found)

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.stack_outputs |= MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request, context):  # noqa: N802
        assert request.tok == "aws:index/getCallerIdentity:getCallerIdentity"
        return provider_pb2.InvokeResponse(**{"return": struct({"accountId": self._account})})

    def SignalAndWaitForShutdown(self, request, context):  # noqa: N802
        return empty_pb2.Empty()


class Engine(EngineService):
    """Keeps warnings and errors."""

    def __init__(self):
        self.messages = []

    def Log(self, request, context):  # noqa: N802 - the engine's protocol
        if request.severity >= engine_pb2.WARNING:
            self.messages.append(request.message)
        return empty_pb2.Empty()

    def SetRootResource(self, request, context):  # noqa: N802
        return engine_pb2.SetRootResourceResponse()


def _urn(request):
    return f"urn:pulumi:{STACK}::shop::{request.type}::{request.name}"


@contextmanager
def program_engine(monitor, engine, project, config):
    """The environment of a program that runs against these; `config` has its keys without namespace."""
    services = (
        (resource_pb2_grpc.add_ResourceMonitorServicer_to_server, monitor),
        (engine_pb2_grpc.add_EngineServicer_to_server, engine),
    )
    secrets = [f"{project}:{key}" for key in config if "Secret" in key]
    with served(*services) as address:
        yield {
            "PULUMI_PROJECT": project,
            "PULUMI_STACK": STACK,
            "PULUMI_CONFIG": json.dumps({f"{project}:{key}": value for key, value in config.items()}),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(secrets),
            "PULUMI_MONITOR": address,
            "PULUMI_ENGINE": address,
        }
