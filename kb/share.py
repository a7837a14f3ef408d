"""Find the data files that ship beside the code: schemas and vocabularies, later the site's templates.

A domain of one's own (other questions, other topics) is a folder of such files, named by KB_DOMAIN
(docs/add-a-domain.md).
"""

import os
from pathlib import Path

from kb.errors import StatusQuoError

PACKAGE = Path(__file__).parent
DOMAIN_VARIABLE = "KB_DOMAIN"


class MissingDomainError(StatusQuoError):
    """Raised when KB_DOMAIN names no folder: what is asked would silently be that of the shipped domain."""


class MissingShareError(StatusQuoError):
    """Raised when a data file that belongs to this project is in neither the checkout nor the installed package."""


def share_path(*parts: str) -> Path:
    """Find a shipped file or folder, for example ``share_path("schemas", "source.schema.json")``.

    Returns its path: below ``kb/_share`` where the project was installed from a wheel, else in the checkout round the
    package. Raises MissingShareError naming what was looked for and where.
    """
    return find_share(PACKAGE, *parts)


def domain_path(name: str) -> Path:
    """Find a file that makes the domain: its questions.yml, topics.yml, jurisdictions.yml or deny.yml.

    Returns that of the folder KB_DOMAIN names where it has one, else the shipped one of ``schemas/``. Raises
    MissingDomainError where KB_DOMAIN names no folder.
    """
    own = domain_folder(name)
    return own if own is not None and own.is_file() else share_path("schemas", name)


def domain_folder(name: str) -> Path | None:
    """Return the folder ``sources`` or ``facts`` of the domain KB_DOMAIN names, None where none is named.

    Raises MissingDomainError where it names no folder.
    """
    folder = os.environ.get(DOMAIN_VARIABLE)
    if folder and not Path(folder).is_dir():
        raise MissingDomainError(f"{DOMAIN_VARIABLE}: expected a folder with questions.yml, found none at {folder}")
    return Path(folder, name) if folder else None


def find_share(package: Path, *parts: str) -> Path:
    """Find a shipped file for the package standing in the folder ``package``.

    Returns the path of the file or folder. An installed package never looks beside itself, where other people's
    packages stand. Raises MissingShareError naming what was looked for and where.
    """
    installed = package / "_share"
    root = installed if installed.is_dir() else package.parent
    found = root.joinpath(*parts)
    if not parts or not found.exists():
        raise MissingShareError(f"shipped file {'/'.join(parts)!r} not found in {root}: is the installation complete?")
    return found
