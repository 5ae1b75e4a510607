"""What both contenders in Python share."""

WEIGHTS = "weights/"


class Unsupported(Exception):
    """This contender cannot do that; the row says why."""


def walk(layer, prefix=""):
    """All layers with their paths, in order; residual blocks are handed over whole."""
    name = layer.get("name", "")
    if layer["type"] == "sequential":
        inner = f"{prefix}{name}." if name else prefix
        for part in layer["layers"]:
            yield from walk(part, inner)
    else:
        yield layer, prefix + name
