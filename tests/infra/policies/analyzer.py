"""The policy pack as the Pulumi CLI starts it: a process that answers over gRPC.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
"""

import json
import os
import re
import subprocess
import sys

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.infra.registered import ROOT

_MADE_BY_AWS = re.compile(r"arn:aws:|https://|-0a1b2c3")


class Analyzer:
    """The pack, running for one stack. Use it as a context manager."""

    def __init__(self, stack, **config):
        self._environment = {
            **os.environ,
            "PULUMI_PROJECT": "image-intake",
            "PULUMI_STACK": stack,
            "PULUMI_DRY_RUN": "true",
            "PULUMI_CONFIG": json.dumps({f"image-intake:{key}": value for key, value in config.items()}),
        }

    def __enter__(self):
        command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policies")]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self._process.stdout.readline())}")
        self._stub = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        return self

    def __exit__(self, *_):
        self._channel.close()
        self._process.terminate()
        self._process.communicate(timeout=30)

    def information(self):
        return self._stub.GetAnalyzerInfo(Empty(), timeout=30)

    def diagnostics(self, declared, deployed):
        """What the pack says about the resources, one after the other, and about the stack."""
        found = [
            diagnostic
            for resource in declared
            for diagnostic in self._stub.Analyze(_request(resource), timeout=30).diagnostics
        ]
        stack = analyzer_pb2.AnalyzeStackRequest(resources=[_member(resource) for resource in deployed])
        return [*found, *self._stub.AnalyzeStack(stack, timeout=30).diagnostics]


def unknown(value):
    """A value as a first preview sees it, in which nothing that AWS makes is known."""
    if isinstance(value, dict):
        return {key: unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unknown(item) for item in value]
    if isinstance(value, str) and _MADE_BY_AWS.search(value):
        return UNKNOWN_STRING_VALUE
    return value


def _request(resource):
    return analyzer_pb2.AnalyzeRequest(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        properties=_struct(resource.props),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
    )


def _member(resource):
    return analyzer_pb2.AnalyzerResource(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        properties=_struct(resource.props),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
        propertyDependencies={
            key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
            for key, urns in resource.references.items()
        },
    )


def _struct(props):
    struct = Struct()
    # An archive travels as an object with a signature, which no rule looks at.
    struct.update({key: value for key, value in props.items() if key != "code"})
    return struct
