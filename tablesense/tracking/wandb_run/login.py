"""Whether W&B can be used online, asked before anything is trained: no prompt, no long wait."""

import os
import socket
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import wandb
from requests.utils import get_netrc_auth

from tablesense.errors import UserError

OFFER = "`wandb login`, or train with --experiment.wandb_mode=offline and send the run later (`wandb sync`)"
_SECONDS = 10.0


def check_online() -> None:
    """See that there is a login and that the server answers.

    Raises:
        UserError: one of them is missing; the line says what to do.
    """
    if not has_login():
        raise UserError(f"experiment.wandb_mode: online, but there is no login to W&B; {OFFER}")
    url = wandb.setup().settings.base_url
    reason = _unreachable(url)
    if reason is not None:
        raise UserError(
            f"experiment.wandb_mode: online, but {url} cannot be reached ({reason}); train "
            "with --experiment.wandb_mode=offline and send the run later (`wandb sync`)"
        )


def has_login() -> bool:
    """Whether W&B knows who we are; nobody is asked, and no server either."""
    # Not `wandb.login(prompt=False)`: it says no wherever WANDB_MODE is offline, and warns.
    settings = wandb.setup().settings
    named = [os.environ.get(name) for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")]
    return bool(any(named) or settings.api_key or get_netrc_auth(settings.base_url))


def _unreachable(url: str) -> str | None:
    """Why there is no way to the server; any answer from it, a refusal too, shows that there is one."""
    try:
        with urlopen(url, timeout=_SECONDS):  # noqa: S310 - the configured server, and nothing is read
            return None
    except HTTPError:
        return None
    except (URLError, TimeoutError, ConnectionError) as error:
        cause = getattr(error, "reason", error)
        # Certificates are another matter: wandb looks for them in more places than urllib.
        if isinstance(cause, socket.gaierror | TimeoutError | ConnectionError):
            return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return None
