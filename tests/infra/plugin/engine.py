"""A stand-in for the Pulumi engine: starts the provider as the engine does, and answers what it asks."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
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
SIGNATURE = rpc._special_sig_key
OUTPUT, SECRET = rpc._special_output_value_sig, rpc._special_secret_sig
MISSING = object()
# Takes CAP_DAC_OVERRIDE from the superuser before it runs Python, so that modes of files concern it too.
# https://man7.org/linux/man-pages/man2/PR_CAPBSET_DROP.2const.html
WITHOUT_PRIVILEGE = """
import ctypes, os, sys
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
    sys.exit("the capability cannot be dropped")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def output(value=MISSING, *, secret=False, dependencies=()):
    """An output as it travels to a provider that accepts outputs. Without a value, it is not known."""
    found = {SIGNATURE: OUTPUT, "secret": secret, "dependencies": list(dependencies)}
    return found if value is MISSING else {**found, "value": value}


class Monitor(RecordingMonitor):
    """Gives an engine's URNs, and keeps inputs as they were `sent` and the outputs of components."""

    def __init__(self, mocks):
        super().__init__(mocks)
        self.outputs = {}
        self.sent = {}

    def make_urn(self, parent, type_, name):
        above = f"{parent.split('::')[2]}$" if parent and ":Stack::" not in parent else ""
        return f"urn:pulumi:{STACK}::{PROJECT}::{above}{type_}::{name}"

    def RegisterResource(self, request):  # noqa: N802 - the monitor's protocol
        self.sent[request.type, request.name] = MessageToDict(request.object)
        return super().RegisterResource(request)


class MonitorService(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, monitor):
        self.monitor = monitor

    def SupportsFeature(self, request, context):  # noqa: N802 - the monitor's protocol
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def GetDeploymentInfo(self, request, context):  # noqa: N802
        return self.monitor.GetDeploymentInfo(request)

    def Invoke(self, request, context):  # noqa: N802
        return self.monitor.Invoke(request)

    def RegisterResource(self, request, context):  # noqa: N802
        return self.monitor.RegisterResource(request)

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.monitor.outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        return empty_pb2.Empty()


class EngineService(engine_pb2_grpc.EngineServicer):
    def Log(self, request, context):  # noqa: N802 - the engine's protocol
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

    def schema(self):
        return json.loads(self.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    def construct(self, mocks, name="cats", *, preview=False, type_=TOKEN, **request):
        """Construct a component with `inputs` as they travel; the rest of `request` are options."""
        monitor = Monitor(mocks)
        for reference in request.get("providers", {}).values():
            urn, _, id_ = reference.rpartition("::")
            monitor.resources[urn] = Monitor.ResourceRegistration(urn, id_, {})
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
def provider(folder=ROOT / "plugin", *, privileged=True, **environment):
    """The provider in a plugin's folder, started as the language host starts it.

    `pulumi-language-python` runs `python FOLDER ENGINE` with the plugin's folder as working directory; the
    first line on the standard output is the port.
    https://github.com/pulumi/pulumi/blob/master/sdk/python/cmd/pulumi-language-python/main.go
    """
    with (
        served((engine_pb2_grpc.add_EngineServicer_to_server, EngineService())) as engine,
        subprocess.Popen(
            [sys.executable, *([] if privileged else ["-c", WITHOUT_PRIVILEGE]), str(folder), engine],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            port = process.stdout.readline().strip()
            assert port.isdigit(), "the provider does not print its port"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Provider(provider_pb2_grpc.ResourceProviderStub(channel))
        finally:
            process.terminate()
