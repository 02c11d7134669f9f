"""Operations that the network uses and ONNX lacks, written with those that it has."""

from onnxscript import FLOAT, INT64, script
from onnxscript import opset18 as op  # torch translates to this opset, and converts the whole to a later one


@script()  # type: ignore[untyped-decorator]  # mypy does not follow into onnxscript
def running_max(values: FLOAT, dim: int) -> tuple[FLOAT, INT64]:  # noqa: ARG001 - torch passes it
    """``torch.cummax`` over the last dimension, whatever ``dim`` says: each round looks twice as far back.

    A loop over lines would take as many rounds as a sheet has rows; this takes the logarithm of that.
    """
    length = op.Squeeze(op.Shape(values, start=-1))
    lines = op.Range(0, length, 1)
    places = op.Expand(lines, op.Shape(values))
    shift = op.Constant(value_int=1)
    more = shift < length
    while more:
        # Before the first line is the first line itself: it is never higher than what is already there.
        before = op.Max(lines - shift, op.Constant(value_int=0))
        earlier = op.Gather(values, before, axis=-1)
        places = op.Where(earlier > values, op.Gather(places, before, axis=-1), places)
        values = op.Max(values, earlier)
        shift = shift + shift
        more = shift < length
    return values, places
