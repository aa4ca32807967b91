"""Which inputs of a resource take a KMS key, as the provider's own classes declare them."""

import importlib
import inspect
import re
from keyword import iskeyword

from pulumi._types import input_type_py_to_pulumi_names

KEY = re.compile(r"\w*kms\w*(id|arn|identifier)", re.IGNORECASE)


def without_key(kind, inputs, key):
    """The paths of inputs that take a key and have another or none; below what is given only."""
    return list(_without(_args_of(kind), inputs, key, ""))


def takes_key(kind):
    """Whether some input of a resource type takes a key, on the surface or below."""
    return _takes(_args_of(kind), frozenset())


def keys_in(inputs):
    """The inputs, on the surface or below, that say a key."""
    members = [
        member for value in inputs.values() for member in (value if isinstance(value, list) else [value])
    ]
    below = [name for member in members if isinstance(member, dict) for name in keys_in(member)]
    return [*(name for name, value in inputs.items() if KEY.fullmatch(name) and value), *below]


def _without(args, inputs, key, path):
    for name, nested in _inputs(args):
        here = f"{path}{name}"
        if KEY.fullmatch(name) and inputs.get(name) != key:
            yield here
        given = inputs.get(name)
        for value in given if isinstance(given, list) else [given]:
            if nested is not None and isinstance(value, dict):
                yield from _without(nested, value, key, f"{here}.")


def _takes(args, above):
    return any(
        KEY.fullmatch(name) or (nested and nested not in above and _takes(nested, above | {args}))
        for name, nested in _inputs(args)
    )


def _inputs(args):
    """The inputs of a class of arguments by their camelCase names, with the class of nested ones."""
    module = importlib.import_module(args.__module__.rpartition(".")[0])
    annotations = inspect.get_annotations(args.__init__)
    for name, camel in input_type_py_to_pulumi_names(args).items():
        nested = re.search(r"ForwardRef\('(?:\w+\.)?(\w+Args)'\)", repr(annotations[name]))
        # Those that a module does not have are policy documents, which take no key.
        yield camel, getattr(module, nested[1], None) if nested else None


def _args_of(kind):
    _, module, name = kind.split(":")
    service = module.partition("/")[0]
    package = importlib.import_module(
        f"pulumi_aws.{service}_" if iskeyword(service) else f"pulumi_aws.{service}"
    )
    # Where a nested type already has the name, the resource's own says that it is the initial one.
    return getattr(package, f"{name}InitArgs", None) or getattr(package, f"{name}Args")
