"""A YAML file read for a person: what is wrong with it is one line."""

from pathlib import Path

import yaml

from tablesense.errors import UserError


def read_yaml(path: Path, option: str = "") -> object:
    """What a YAML file holds.

    Args:
        path: the file.
        option: the option that named it, such as ``--config: ``, put before what is wrong with the file.

    Raises:
        UserError: it is missing, no text or no YAML; the line names the place.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{option}cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{option}{path} is not a text file in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"{path}{place}: {getattr(error, 'problem', None) or 'not valid YAML'}") from error
