"""One line out of what jsonargparse, OmegaConf and YAML say about a wrong configuration."""

import re
import traceback
from collections.abc import Iterable
from pathlib import Path

from lightning.fabric.utilities.exceptions import MisconfigurationException

from tablesense.errors import UserError
from tablesense.tracking.cli.suggestions import did_you_mean, options_of
from tablesense.tracking.run.faults import first_line

_KEY = re.compile(r'Parser key "([^"]+)"')
_UNKNOWN = re.compile(
    r"Option '(?P<option>[^']+)' is not accepted"
    r"|Group '(?P<group>[^']+)' does not accept option '(?P<member>[^']+)'"
    r"|unrecognized arguments: --(?P<argument>[\w.]+)"
)
_TYPE = re.compile(r"<(?:class|enum) '(?:[\w.]*\.)?(\w+)'>\.?")
_TYPE_NAMES = {"int": "whole number", "float": "number", "str": "text", "bool": "true or false"}
_CLASS_PATH = re.compile(r"Problem with given class_path '([^']+)'")
_BUILT = re.compile(r"Given value: Namespace\(class_path='([^']+)'")
_NOISE = re.compile(
    r'(Parser key ".*|Does not validate against .*|Subtypes: .*|Errors:|Given value.*|Problem with given .*'
    r"|Problems parsing config:?|Expected a <class 'NoneType'>.*|)"
)

# What these refuse during training, they were given by that section of the configuration.
_SECTIONS = {"lightning.pytorch.": "trainer", "torch.optim.": "model", "torch.utils.data.": "data"}


def parser_error_line(message: str, known: Iterable[str] = ()) -> str:
    """The key and the cause out of jsonargparse's report of many lines.

    ``Parser key "model": ... Errors: ... Option 'lrr' is not accepted ...`` becomes
    ``model.lrr: there is no such option; did you mean model.lr?``.

    Args:
        message: the report.
        known: the options that the command has whatever class is configured.
    """
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    keys = list(dict.fromkeys(key for line in lines for key in _KEY.findall(line)))
    classes = [name for line in lines for name in _CLASS_PATH.findall(line)]
    causes = [line for line in lines if not _NOISE.fullmatch(line)]
    for cause in causes:
        if unknown := _UNKNOWN.search(cause):
            key = ".".join([*keys, *filter(None, unknown.groups())])
            options = [f"{keys[-1]}.{name}" for name in options_of(classes[-1])] if classes and keys else []
            return f"{key}: there is no such option{did_you_mean(key, [*known, *options])}"
    text = "; ".join(dict.fromkeys(causes)) or "wrong value"
    if classes and len(keys) == 1:  # with more keys the class was found, and one of its options is wrong
        text = f"class_path {classes[-1]}: {text}"
    text = _TYPE.sub(lambda match: _TYPE_NAMES.get(match[1], match[1]), text)
    text = (
        text.replace(". Got value:", ", got")
        .replace(" Got value:", ", got")
        .replace("Expected a typing.Literal", "expected one of ")
    )
    values = [line.removeprefix("Given value: ") for line in lines if line.startswith("Given value: ")]
    if values and "got" not in text and not values[0].startswith(("NestedArg", "{")):
        text = f"{text}, got {values[0]}"
    text = text.replace("Expected a", "expected a")
    if "arguments are required" in text:
        text = f"nothing to train: name a configuration with --config FILE ({text})"
    return f"{'.'.join(keys)}: {text}" if keys else text


def constructor_error_line(error: ValueError) -> str:
    """The class and the cause, where jsonargparse reports what a constructor refused."""
    built = _BUILT.search(str(error))
    cause = first_line(root_cause(error))
    return f"{built[1]}: {cause}" if built else cause


def fit_error_line(error: Exception, checkpoint: Path | str | None) -> str | None:
    """What to tell about an error of the configuration that shows only in training, else None."""
    if isinstance(error, MisconfigurationException):
        return f"trainer: {first_line(error)}"
    if "Error(s) in loading state_dict" in str(error):
        detail = " ".join(str(error).splitlines()[1:2]).strip()
        return f"{checkpoint} does not fit the configured model: {detail}"
    if isinstance(error, ValueError):
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        raised_in = str(frame.f_globals.get("__name__"))
        for package, section in _SECTIONS.items():
            if raised_in.startswith(package):
                return f"{section}: {first_line(error)}"
    return None


def root_cause(error: BaseException) -> BaseException:
    """The error that the others were raised from; what is meant for the user is not looked behind."""
    while error.__cause__ is not None and not isinstance(error, UserError):
        error = error.__cause__
    return error
