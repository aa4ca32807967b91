"""Copies of the examples, and what checks and runs them in each language."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from plugin.schema import PACKAGE
from tests.infra.registered import ROOT

EXAMPLES = ROOT / "plugin" / "examples"
GENERATOR = Path(__file__).parent / "sdk_generator"
NODE_PACKAGES = Path(__file__).parent / "typescript" / "node_modules"
SDK = Path("sdks") / PACKAGE
# No optimisation, nothing for a debugger.
FASTER = ("-gcflags=all=-N -l", "-ldflags=-s -w")


def missing(what):
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def run(*command, cwd=None, **environment):
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


class Project:
    """A copy of an example, with the SDK where `pulumi install` puts it."""

    language: str
    program: str
    input_used: str
    output_used: str

    def __init__(self, folder, sdk):
        local = shutil.ignore_patterns("sdks", "node_modules", "bin", ".venv")
        self.folder = shutil.copytree(EXAMPLES / self.language, folder / self.language, ignore=local)
        shutil.copytree(sdk, self.folder / SDK)
        self.text = (self.folder / self.program).read_text("utf-8")
        self.install()

    def install(self):
        """Prepare what `pulumi install` prepares."""

    def type_check(self):
        """Check the program, and compile it where it is not run as it is."""
        raise NotImplementedError

    def start(self, environment):
        """Run the program that was checked last, as its language host does."""
        raise NotImplementedError

    def check(self, text):
        """Check another text of the program. What the type checker prints, and whether it is content."""
        (self.folder / self.program).write_text(text, "utf-8")
        ran = self.type_check()
        return ran.stdout, ran.returncode == 0


class TypeScript(Project):
    language, program = "typescript", "index.ts"
    input_used, output_used = "apiAuth", "variantsBucketArn"
    compiler = NODE_PACKAGES / ".bin" / "tsc"

    def install(self):
        if shutil.which("node") is None:
            missing("the TypeScript program is checked with Node, which is not installed")
        if not NODE_PACKAGES.is_dir():
            missing("what checks the TypeScript program is not installed: make test-infra")
        name = json.loads((self.folder / SDK / "package.json").read_text("utf-8"))["name"]
        package = json.loads((self.folder / "package.json").read_text("utf-8"))
        assert package["dependencies"][name] == f"file:{SDK}"
        packages = self.folder / "node_modules"
        (packages / "@pulumi").mkdir(parents=True)
        (packages / name).symlink_to(self.folder / SDK)
        for other in ("@types", "@pulumi/pulumi"):
            (packages / other).symlink_to(NODE_PACKAGES / other)
        # Programs import what the installation of the SDK compiles.
        path = f"{self.compiler.parent}{os.pathsep}{os.environ['PATH']}"
        installed = run("node", "scripts/postinstall.js", cwd=self.folder / SDK, PATH=path)
        assert installed.returncode == 0, installed.stdout

    def type_check(self):
        return run(self.compiler, cwd=self.folder)

    def start(self, environment):
        runner = NODE_PACKAGES / "@pulumi" / "pulumi" / "cmd" / "run"
        given = ("project", "stack", "monitor", "engine")
        options = [f"--{name}={environment[f'PULUMI_{name.upper()}']}" for name in given]
        return run("node", runner, *options, "./bin/index.js", cwd=self.folder, **environment)


class Go(Project):
    language, program = "go", "main.go"
    input_used, output_used = "MaxConcurrency", "DeliveryUrl"

    def install(self):
        # The versions that the generator is built with, of which most is compiled already.
        (go,) = re.findall("^go .*", (GENERATOR / "go.mod").read_text("utf-8"), re.MULTILINE)
        (self.folder / "go.work").write_text(f"{go}\nuse (\n.\n./{SDK}\n{GENERATOR}\n)\n", "utf-8")

    def type_check(self):
        workspace = str(self.folder / "go.work")
        return run("go", "build", *FASTER, "-o", "program", ".", cwd=self.folder, GOWORK=workspace)

    def start(self, environment):
        return run(self.folder / "program", cwd=self.folder, **environment)


class Python(Project):
    language, program = "python", "__main__.py"
    input_used, output_used = "originals_expire_days", "variants_bucket_arn"

    def install(self):
        assert str(SDK) in (self.folder / "requirements.txt").read_text("utf-8").splitlines()
        # What its installation says of it.
        found = self.folder / SDK / "pulumi_image_intake.dist-info"
        found.mkdir()
        (found / "METADATA").write_text("Name: pulumi_image_intake\nVersion: 0.1.0\n", "utf-8")
        # The options of this project, whose cache has what takes long: pulumi_aws. The SDK is not strict.
        options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
        own = {key: options[key] for key in ("python_version", "strict", "warn_unreachable")}
        lines = ["[mypy]", f"mypy_path = {self.folder / SDK}"]
        lines += [f"{key} = {value}" for key, value in own.items()]
        lines += ["[mypy-pulumi_image_intake.*]", "follow_imports = silent", ""]
        (self.folder / "mypy.ini").write_text("\n".join(lines), "utf-8")

    def type_check(self):
        mypy = (sys.executable, "-m", "mypy", "--config-file", "mypy.ini")
        return run(*mypy, "--cache-dir", ROOT / ".mypy_cache", self.program, cwd=self.folder)

    def start(self, environment):
        program = """\
import asyncio, os, runpy
from pulumi.runtime import run_in_stack, settings
given = {name: os.environ[f"PULUMI_{name.upper()}"] for name in ("project", "stack", "monitor", "engine")}
settings.configure(settings.Settings(**given))
asyncio.run(run_in_stack(lambda: runpy.run_path("__main__.py")))
"""
        return run(
            sys.executable, "-c", program, cwd=self.folder, PYTHONPATH=str(self.folder / SDK), **environment
        )
