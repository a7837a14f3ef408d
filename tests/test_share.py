"""Shipped data files are found in a checkout and in an installed wheel alike."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from kb.share import MissingShareError, find_share, share_path

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(target), versions=["standard"])))


def test_checkout_files_are_read_where_they_are_edited():
    found = share_path("schemas", "source.schema.json")

    assert ROOT / "schemas" / "source.schema.json" == found


def test_missing_file_is_named_with_the_place_searched():
    with pytest.raises(MissingShareError, match=r"'schemas/no-such\.json' not found in "):
        share_path("schemas", "no-such.json")


def test_no_name_at_all_is_refused():
    with pytest.raises(MissingShareError):
        share_path()


def test_installed_package_does_not_look_beside_itself(tmp_path):
    package = tmp_path / "kb"
    (package / "_share" / "schemas").mkdir(parents=True)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "other.json").write_text("{}")

    with pytest.raises(MissingShareError, match="_share"):
        find_share(package, "schemas", "other.json")


def test_wheel_carries_every_module_and_data_file_of_the_checkout(wheel):
    code = {
        path.relative_to(ROOT).as_posix()
        for folder in ("kb", "crawlers")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yml", ".json"}
    }
    shared = {
        f"kb/_share/{path.relative_to(ROOT).as_posix()}"
        for folder in ("schemas", "datasette")
        for path in (ROOT / folder).rglob("*.*")
        if path.is_file() and path.suffix != ".pyc"
    }

    shipped = set(zipfile.ZipFile(wheel).namelist())

    assert set() == (code | shared) - shipped


def test_wheel_brings_no_folder_that_belongs_to_another_distribution(wheel):
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {"kb", "crawlers"} == {name for name in top if not name.endswith(".dist-info")}


def test_installed_wheel_finds_its_files_outside_the_checkout(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    question = "from kb.share import share_path; print(share_path('schemas', 'source.schema.json'))"

    command = [sys.executable, "-c", question]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert str(tmp_path / "kb" / "_share" / "schemas" / "source.schema.json") == answer.stdout.strip()
