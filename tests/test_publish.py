"""Publishing: a generation is whole, sound and on disk before it is current, whatever happens meanwhile."""

import os
import signal
import time
from contextlib import closing

import msgspec
import pytest

from kb import generations, publish
from kb.build import BuildRequest, build
from kb.errors import BusyError
from kb.generations import (
    POINTER,
    BrokenPointerError,
    Pointer,
    claim_unused,
    hold_generation,
    list_generations,
    read_pointer,
)
from kb.publish import BrokenGenerationError
from kb.store import public
from kb.store.connection import MissingDatabaseError, data_lock
from kb.store.knowledge import count_rows, open_knowledge
from kb.store.queries import ChangeFilter, read_changes, read_version_rows
from tests.sites import FIRST, HOSTILE, SECOND, SOURCES, copy_data, declare, make_data, publish_at

# How many changes the recorded web holds, by source.
CHANGES = {"us-xx-open": 2, "us-xx-quoted": 1, "us-xx-withheld": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return make_data(folder / "data", folder / "web")


@pytest.fixture(scope="module")
def published(made, tmp_path_factory):
    data = copy_data(made, tmp_path_factory.mktemp("published") / "data")
    with closing(public.open_published(publish_at(data).path)) as db:
        yield db


@pytest.fixture
def data(made, tmp_path):
    return copy_data(made, tmp_path / "data")


def ask(db, question, *values):
    return [tuple(row) for row in db.execute(question, values)]


def test_every_derived_row_is_carried_over(made, published):
    tables = [table for table in public.CARRIED if table != "facts"]
    with closing(open_knowledge(made / "kb.db", read_only=True)) as knowledge:
        expected = count_rows(knowledge, tables)

    found = count_rows(published, tables)

    assert expected == found


def test_questions_of_the_store_are_answered_by_a_generation_too(made, published):
    wanted = ChangeFilter(sources=("us-xx-open",))
    with closing(open_knowledge(made / "kb.db", read_only=True)) as knowledge:
        expected = [change.id for change in read_changes(knowledge, wanted)]
        versions = [row.version for row in read_version_rows(knowledge, "us-xx/code/1-2")]

    assert expected == [change.id for change in read_changes(published, wanted)]
    assert versions == [row.version for row in read_version_rows(published, "us-xx/code/1-2")]


def test_source_states_what_was_read_and_what_moved(published):
    found = ask(
        published,
        """SELECT since, last_checked, waves, documents, changes, rule_changes FROM sources WHERE source = ?""",
        "us-xx-quoted",
    )

    assert [(FIRST, SECOND, 2, 1, 1, 1)] == found


def test_document_tells_its_latest_state(published):
    found = ask(
        published,
        """SELECT heading, last_seen, standing, versions, changes FROM documents WHERE document = ? AND source = ?""",
        "us-xx/code/1-1",
        "us-xx-open",
    )

    assert [("Renewal.", SECOND, 1, 2, 1)] == found


def test_jurisdictions_without_a_source_are_shown_as_not_watched(published):
    states = dict(ask(published, "SELECT state, COUNT(*) FROM coverage GROUP BY state"))

    assert {"watched": 1, "not_watched": 57} == states


def test_source_nothing_was_read_of_is_shown_with_the_reason(data):
    policy = {"state": "blocked", "reason": "answers 403", "checked_on": "2024-02-01"}
    blocked = declare("us-ak-board", "alaska", jurisdiction="us-ak", crawl_policy=policy)

    published = publish_at(data, declared=(*SOURCES, blocked))

    with closing(public.open_published(published.path)) as db:
        shown = ask(
            db, "SELECT crawl_state, crawl_reason, last_checked, waves FROM sources WHERE source = 'us-ak-board'"
        )
        states = ask(db, "SELECT state, sources FROM coverage WHERE jurisdiction = 'us-ak'")
    assert ([("blocked", "answers 403", "", 0)], [("declared", 1)]) == (shown, states)


def test_counts_by_day_add_up_to_the_changes(published):
    days = ask(published, "SELECT day, source, changes FROM daily_counts ORDER BY source")

    assert [(SECOND[:10], name, count) for name, count in CHANGES.items()] == days


def test_quotes_are_cut_and_keep_the_hash_of_the_whole_text(published):
    rows = {
        (source, cut): (longest, sha256)
        for source, cut, longest, sha256 in ask(
            published,
            """SELECT source, cut, MAX(LENGTH(new_text)), new_sha256 FROM changes
               WHERE document = 'us-xx/code/1-1' GROUP BY source""",
        )
    }

    assert 300 == rows["us-xx-quoted", 1][0]
    assert rows["us-xx-open", 0][1] == rows["us-xx-quoted", 1][1] == rows["us-xx-withheld", 1][1]


def test_quote_of_a_change_shows_what_moved():
    same = "word " * 200

    old, new = publish._show_pair(f"{same}ten days{same}", f"{same}thirty days{same}", "quotes")

    assert ("ten days" in old, "thirty days" in new) == (True, True)
    assert (300, 300) == (len(old), len(new))


def test_withheld_source_gives_no_words(published):
    texts = ask(
        published,
        """SELECT provisions.heading || text || note || pending FROM provisions JOIN versions USING (version)
           WHERE source = 'us-xx-withheld'
           UNION SELECT old_text || new_text || reason || changes.heading FROM changes WHERE source = 'us-xx-withheld'
           UNION SELECT html FROM redlines WHERE source = 'us-xx-withheld'""",
    )

    assert [("",)] == texts


def test_hostile_words_are_kept_as_plain_text_and_marked_up_safely(published):
    texts = {text for (text,) in ask(published, "SELECT text FROM provisions")}
    redline = publish._draw_redline(HOSTILE[0], HOSTILE[1])

    assert set(HOSTILE) <= texts
    assert "<script" not in redline
    assert "<img" not in redline


def test_redline_that_would_be_too_long_is_shown_as_two_blocks(monkeypatch):
    monkeypatch.setattr(publish, "LONGEST_REDLINE", 100)

    html = publish._draw_redline("a license is due", "a fee is due")

    assert (1, 1) == (html.count("<del>"), html.count("<ins>"))


def test_text_too_long_to_show_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(publish, "LONGEST_TEXT", 10)

    assert "Every hol…" == publish._show_text("Every holder of a license", "text")


def test_full_text_finds_other_forms_of_a_word(published):
    found = ask(published, "SELECT COUNT(*) > 0 FROM provisions_fts WHERE provisions_fts MATCH 'renewing AND licenses'")

    assert [(1,)] == found


def test_fetches_shown_are_each_page_s_last_and_those_that_changed_something(published):
    rows = ask(published, "SELECT url, verdict, is_last FROM fetches WHERE source = 'us-xx-quoted' ORDER BY seq")

    assert [("version", 0), ("version", 1)] == [row[1:] for row in rows]


def test_snapshots_are_listed_without_their_bytes(published):
    columns = {row[1] for row in published.execute("PRAGMA table_info(snapshots)")}

    assert {"sha256", "size", "media_type", "first_seen", "last_seen", "fetches", "taken_down"} == columns


def test_release_carries_the_head_of_the_log_and_the_releases_before(data):
    publish_at(data, 1)

    second = publish_at(data, 2)

    with closing(public.open_published(second.path)) as db:
        rows = ask(db, "SELECT generation, published_at, log_size, LENGTH(tree_head) FROM releases")
    assert [(1, "2024-03-01T01:01:00Z", 10, 64), (2, "2024-03-01T01:02:00Z", 10, 64)] == rows


def test_same_knowledge_published_at_the_same_moment_gives_the_same_bytes(made, tmp_path):
    first, second = (publish_at(copy_data(made, tmp_path / name)).path.read_bytes() for name in ("one", "two"))

    assert first == second


def test_only_the_last_generations_stay_and_the_one_still_read(data):
    first = publish_at(data, 1)
    held = hold_generation(first.path)

    for minute in range(2, 6):
        publish_at(data, minute)
    kept_while_held = [number for number, _ in list_generations(first.path.parent)]
    os.close(held)
    publish_at(data, 6)

    assert [1, 3, 4, 5] == kept_while_held
    assert [4, 5, 6] == [number for number, _ in list_generations(first.path.parent)]


def test_removed_generation_cannot_be_held(data):
    path = publish_at(data).path
    path.unlink()

    with pytest.raises(FileNotFoundError):
        hold_generation(path)


def test_one_process_publishes_at_a_time_and_none_while_a_build_runs(data):
    for lock in ("publish", "build"):
        with data_lock(data, lock), pytest.raises(BusyError, match=lock):
            publish_at(data)


def test_nothing_is_published_without_a_knowledge_base(data):
    (data / "kb.db").unlink()

    with pytest.raises(MissingDatabaseError):
        publish_at(data)

    assert not (data / "public").exists()


def damage_event(db):
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("DELETE FROM events")


def damage_changes(db):
    db.execute("DELETE FROM changes")


def damage_redline(db):
    db.execute("UPDATE redlines SET html = '<a href=x>text</a>'")


def damage_rights(db):
    db.execute("UPDATE provisions SET text = text || :more", {"more": "x" * 400})


def damage_redlines(db):
    db.execute("DELETE FROM redlines")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_event, "names a row of events"),
        (damage_changes, "changes: expected the rows of kb.db, found none"),
        (damage_redline, "found other markup"),
        (damage_rights, "expected at most 0 characters|expected at most 300 characters"),
        (damage_redlines, "changes without"),
    ],
)
def test_broken_generation_is_refused_and_the_last_good_one_stays(data, monkeypatch, damage, words):
    good = publish_at(data, 1)
    count_up = public.count_up
    monkeypatch.setattr(public, "count_up", lambda db: (count_up(db), damage(db)))

    with pytest.raises(BrokenGenerationError, match=words):
        publish_at(data, 2)

    assert 1 == read_pointer(data / "public").generation
    assert [good.path] == [path for _, path in list_generations(data / "public")]
    assert {good.path.name, POINTER} == {path.name for path in (data / "public").iterdir() if path.suffix != ".lock"}


def test_damaged_file_is_found(data, monkeypatch):
    compact = public.compact

    def compact_badly(draft, path):
        compact(draft, path)
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(b"\xff" * 6000)

    monkeypatch.setattr(public, "compact", compact_badly)

    with pytest.raises(BrokenGenerationError, match="not sound"):
        publish_at(data)


@pytest.mark.parametrize("step", ["compact", "find_faults", "sync_path", "write_pointer", "_prune"])
def test_publication_that_dies_at_any_step_leaves_the_last_good_one(data, monkeypatch, step):
    publish_at(data, 1)
    place = public if step in ("compact", "find_faults") else publish
    with monkeypatch.context() as patch:
        patch.setattr(place, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish_at(data, 2)
    current = read_pointer(data / "public")

    third = publish_at(data, 3)

    with closing(public.open_published(data / "public" / current.file)) as db:
        assert current.generation == public.read_generation(db)
    assert third.generation == read_pointer(data / "public").generation
    assert [] == list((data / "public").glob("*.part")) + list((data / "public").glob("draft*"))


def test_killed_publications_never_leave_a_broken_pointer(data):
    publish_at(data, 0)

    for round_ in range(8):
        child = os.fork()
        if child == 0:
            publish_at(data, 1)
            os._exit(0)
        time.sleep(0.02 * round_)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pointer = read_pointer(data / "public")
        with closing(public.open_published(data / "public" / pointer.file)) as db:
            assert ["ok"] == [row[0] for row in db.execute("PRAGMA integrity_check")]

    assert publish_at(data, 9).generation == read_pointer(data / "public").generation


@pytest.mark.parametrize("content", [b"", b"{}", msgspec.json.encode(Pointer(1, "../../kb.db", FIRST, {}))])
def test_damaged_pointer_is_named(tmp_path, content):
    (tmp_path / POINTER).write_bytes(content)

    with pytest.raises(BrokenPointerError, match=POINTER):
        read_pointer(tmp_path)


def test_generation_in_use_is_not_claimed_and_cannot_be_taken_while_claimed(data):
    path = publish_at(data).path

    with claim_unused(path) as alone, pytest.raises(BlockingIOError):
        hold_generation(path)
    held = hold_generation(path)
    with claim_unused(path) as beside_a_reader:
        os.close(held)

    assert (True, False) == (alone, beside_a_reader)


def test_other_files_of_the_folder_are_no_generations(data):
    folder = publish_at(data).path.parent
    for name in ("notes.db", "1.db", "000009.db.bak", "000009.db-wal"):
        (folder / name).write_bytes(b"")

    assert [1] == [number for number, _ in list_generations(folder)]


def test_number_left_behind_is_not_used_again(data):
    folder = publish_at(data).path.parent
    (folder / "000007.db").write_bytes(b"")

    assert 8 == publish_at(data, 2).generation


def test_page_is_suspect_until_a_good_answer_comes(tmp_path):
    with closing(open_knowledge(tmp_path / "kb.db")) as knowledge:
        for at, verdict in ((FIRST, "version"), (SECOND, "suspect"), ("2024-03-10T12:00:00Z", "same")):
            knowledge.execute(
                """INSERT INTO verdicts (source, wave_at, url, observed_at, status, verdict, reasons)
                   VALUES ('us-xx-open', :at, 'https://rules.example.gov/1', :at, 200, :verdict, '[]')""",
                {"at": at, "verdict": verdict},
            )

        found = list(public.read_rows(knowledge, public.SUSPECTS))

    assert [(SECOND, "2024-03-10T12:00:00Z")] == [(row["observed_at"], row["resolved_at"]) for row in found]


def test_generation_is_write_protected(data):
    assert 0o444 == publish_at(data).path.stat().st_mode & 0o777


def test_rebuilt_knowledge_publishes_the_same_changes(data):
    before = publish_at(data, 1)
    build(data, BuildRequest(sources=SOURCES, from_scratch=True))

    after = publish_at(data, 2)

    rows = []
    for path in (before.path, after.path):
        with closing(public.open_published(path)) as db:
            rows.append(ask(db, "SELECT * FROM changes"))
    assert rows[0] == rows[1]


def test_folder_is_synced_before_the_pointer_moves(data, monkeypatch):
    seen = []
    sync = generations.sync_path
    monkeypatch.setattr(publish, "sync_path", lambda path: (seen.append(path.name), sync(path)))
    monkeypatch.setattr(publish, "write_pointer", lambda _, pointer: seen.append(pointer.file))

    publish_at(data)

    assert ["000001.part", "public", "000001.db"] == seen
