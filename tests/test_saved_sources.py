"""Every saved page of every source is read as expected, and its days give the changes expected.

One test for all: the registry's pages and those of the invented sources here. A page is added with
``kb sources expect``; where reading has got better on purpose, ``kb sources expect --update`` accepts it.
"""

from pathlib import Path

import pytest

from crawlers.platforms import PLATFORMS
from kb.adding.expecting import CHANGES, compare_expected, expect_source
from kb.adding.saved import list_places, list_saved
from kb.sources import default_sources_folder

HERE = Path(__file__).parent / "saved_sources"
FOLDERS = [folder for folder in (default_sources_folder(), HERE) if folder.is_dir()]
PLACES = [place for place in list_places(FOLDERS) if list_saved(place)]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.source.id)
def test_saved_pages_read_as_expected(place):
    missing, differences = compare_expected(expect_source(place))

    assert [] == [str(path) for path in missing], f"run: kb sources expect {place.source.id}"
    assert [] == ["\n".join((str(found.path), *found.lines)) for found in differences], (
        f"if this is right, run: kb sources expect {place.source.id} --update"
    )


def test_each_platform_has_two_sources_with_saved_pages():
    counts = {name: sum(place.source.platform == name for place in PLACES) for name in PLATFORMS}
    counts["versions"] = sum(place.source.versions is not None for place in PLACES)

    assert {} == {name: count for name, count in counts.items() if count < 2}


def test_saved_days_tell_changes_of_every_platform_here():
    told = {place.source.platform for place in list_places([HERE]) if (place.folder / CHANGES).is_file()}

    assert {"page", "index", "contents"} <= told
