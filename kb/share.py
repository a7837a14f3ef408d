"""Find the data files that ship beside the code: schemas and vocabularies, later the site's templates."""

from pathlib import Path

from kb.errors import StatusQuoError

PACKAGE = Path(__file__).parent


class MissingShareError(StatusQuoError):
    """Raised when a data file that belongs to this project is in neither the checkout nor the installed package."""


def share_path(*parts: str) -> Path:
    """Find a shipped file or folder, for example ``share_path("schemas", "source.schema.json")``.

    Returns its path: below ``kb/_share`` where the project was installed from a wheel, else in the checkout round the
    package. Raises MissingShareError naming what was looked for and where.
    """
    return find_share(PACKAGE, *parts)


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
