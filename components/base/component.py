"""What every component has in common: its type, and the types that it had in earlier versions."""

from collections.abc import Sequence

import pulumi


class Component(pulumi.ComponentResource):
    """A component of the type `image-intake:index:{kind}`.

    The engine also finds it, and with it all that it contains, under the types of earlier versions, so that
    an upgrade replaces nothing. `formerly` are the kinds that it was called before; no alias is ever removed.
    https://www.pulumi.com/docs/iac/concepts/resources/options/aliases/
    """

    def __init__(
        self, kind: str, name: str, opts: pulumi.ResourceOptions | None, *, formerly: Sequence[str] = ()
    ) -> None:
        types = [f"image-intake:index:{former}" for former in formerly]
        types += [f"image-intake:components:{each}" for each in (kind, *formerly)]
        aliases = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=type_) for type_ in types])
        super().__init__(
            f"image-intake:index:{kind}", name, None, pulumi.ResourceOptions.merge(opts, aliases)
        )
