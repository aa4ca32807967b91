"""The provider of the package: constructs a pipeline for a program in any language."""

import json

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, Provider

from components import ImagePipeline, outputs_of
from components.bundle import BundleError
from components.outputs import ARNS, STACK
from plugin.inputs import configuration
from plugin.schema import TOKEN, package


class PipelineProvider(Provider):
    """Serves `ImagePipeline` with its schema. The type and the name of what it registers are those of a
    pipeline that a Python program creates itself, so a stack can switch between them.
    """

    def __init__(self) -> None:
        super().__init__(package()["version"], json.dumps(package()))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Register the pipeline and everything below it.

        Raises InputPropertiesError if the inputs cannot be deployed, or an archive cannot be built.
        """
        if resource_type != TOKEN:
            raise ValueError(f"{resource_type} is not {TOKEN}, the only resource of this package")
        config = configuration(inputs)
        try:
            pipeline = ImagePipeline(name, config, options)
        except BundleError as error:
            # Of other exceptions the server shows the class, or a traceback.
            raise InputPropertiesError(str(error), []) from None
        return ConstructResult(pipeline.urn, {**outputs_of(pipeline, STACK), **outputs_of(pipeline, ARNS)})
