"""A stand-in for the Pulumi engine: starts the provider as the engine does, and answers what it asks."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    errors_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
    status_pb2,
)

from local.evaluation import RecordingMonitor
from tests.infra.registered import ROOT

PROJECT, STACK = "shop", "dev"
TOKEN = "image-intake:index:ImagePipeline"
SIGNATURE, OUTPUT = rpc._special_sig_key, rpc._special_output_value_sig
MISSING = object()


def output(value=MISSING, *, secret=False, dependencies=()):
    """An output as it travels to a provider that accepts outputs. Without a value, it is not known."""
    found = {SIGNATURE: OUTPUT, "secret": secret, "dependencies": list(dependencies)}
    return found if value is MISSING else {**found, "value": value}


class Monitor(RecordingMonitor):
    """Gives the URNs that an engine gives, and keeps what components register as their outputs."""

    def __init__(self, mocks):
        super().__init__(mocks)
        self.outputs = {}

    def make_urn(self, parent, type_, name):
        above = f"{parent.split('::')[2]}$" if parent and ":Stack::" not in parent else ""
        return f"urn:pulumi:{STACK}::{PROJECT}::{above}{type_}::{name}"


class MonitorService(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, monitor):
        self.monitor = monitor

    def SupportsFeature(self, request, context):  # noqa: N802 - the monitor's protocol
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def GetDeploymentInfo(self, request, context):  # noqa: N802
        return self.monitor.GetDeploymentInfo(request)

    def RegisterResource(self, request, context):  # noqa: N802
        return self.monitor.RegisterResource(request)

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.monitor.outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        return empty_pb2.Empty()


class EngineService(engine_pb2_grpc.EngineServicer):
    def __init__(self):
        self.logged = []

    def Log(self, request, context):  # noqa: N802 - the engine's protocol
        self.logged.append(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request, context):  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=root())


def root():
    return f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"


@contextmanager
def served(*register):
    """A gRPC server on a loopback port with these services; its address."""
    loops = []

    def prepare():
        # The monitor waits for coroutines in the thread that calls it.
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    executor = ThreadPoolExecutor(8, "engine", prepare)
    server = grpc.server(executor)
    for add, service in register:
        add(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
        executor.shutdown()
        for loop in loops:
            loop.close()


@dataclass
class Constructed:
    """What came back for one component, and what was registered on the way."""

    urn: str
    state: dict
    state_dependencies: dict
    monitor: Monitor

    @property
    def resources(self):
        return tuple(self.monitor.recorded)


class Refused(Exception):
    """The provider refused inputs: message and (property, reason) of each."""

    def __init__(self, message, errors):
        super().__init__(message, *errors)
        self.message, self.errors = message, errors


@dataclass
class Provider:
    """A running provider."""

    stub: provider_pb2_grpc.ResourceProviderStub
    logged: list = field(default_factory=list)

    def construct(self, mocks, name="cats", *, preview=False, type_=TOKEN, **request):
        """Construct a component with `inputs` as they travel; the rest of `request` are options."""
        monitor = Monitor(mocks)
        inputs = struct_pb2.Struct()
        inputs.update(request.pop("inputs", {}))
        service = (resource_pb2_grpc.add_ResourceMonitorServicer_to_server, MonitorService(monitor))
        with served(service) as address:
            message = provider_pb2.ConstructRequest(
                project=PROJECT,
                stack=STACK,
                organization="organization",
                dryRun=preview,
                parallel=16,
                monitorEndpoint=address,
                type=type_,
                name=name,
                parent=request.pop("parent", root()),
                inputs=inputs,
                accepts_output_values=True,
                **request,
            )
            try:
                response = self.stub.Construct(message)
            except grpc.RpcError as error:
                raise _refusal(error) or error from None
        return Constructed(
            response.urn,
            rpc.deserialize_properties(response.state),
            {key: list(found.urns) for key, found in response.stateDependencies.items()},
            monitor,
        )


def _refusal(error):
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            found = errors_pb2.InputPropertiesError()
            status.details[0].Unpack(found)
            return Refused(error.details(), [(each.property_path, each.reason) for each in found.errors])
    return None


@contextmanager
def provider(folder=ROOT / "plugin", **environment):
    """The provider in a plugin's folder, started as the language host starts it.

    `pulumi-language-python` runs `python FOLDER ENGINE` with the plugin's folder as working directory; the
    first line on the standard output is the port.
    https://github.com/pulumi/pulumi/blob/master/sdk/python/cmd/pulumi-language-python/main.go
    """
    user = environment.pop("user", None)
    service = EngineService()
    with (
        served((engine_pb2_grpc.add_EngineServicer_to_server, service)) as engine,
        subprocess.Popen(
            [sys.executable, str(folder), engine],
            cwd=folder,
            env=environment,
            user=user,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            port = process.stdout.readline().strip()
            assert port.isdigit(), "the provider does not print its port"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Provider(provider_pb2_grpc.ResourceProviderStub(channel), service.logged)
        finally:
            process.terminate()
