"""Subscribe, confirm, change and end: what counts is confirmed, what is known is not told, what is asked is bounded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.errors import UsageError
from kb.models import PARTS
from kb.store.connection import transaction
from kb.store.outbox import read_message
from kb.store.subscribers import (
    SIGNING,
    alter_subscriber,
    find_subscriber,
    keep_secret,
    list_subscribers,
    open_subscribers,
)
from kb.subscribing import (
    PER_ALL,
    PER_CLIENT,
    PER_TARGET,
    EndedError,
    NotConfiguredError,
    TooManyError,
    Wish,
    ask,
    change,
    check_wish,
    confirm,
    erase,
    may_start_again,
    open_link,
    slow_down,
    start_again,
    stop,
    take,
)
from kb.tell.addresses import BadAddressError, check_address, mask_address, parse_sender
from kb.tell.follow import NATURES, Follow, UnknownTermError, describe_follow, list_terms, parse_follow, select_moved
from kb.tell.period import CADENCES, check_zone, find_period_end, find_today
from kb.tell.story import Moved, Story
from kb.tell.targets import BadTargetError
from kb.tell.tokens import BadTokenError, ExpiredTokenError, hide_token, read_token, sign_token
from kb.telling import erase_old
from tests.telling import SETTINGS, later

NOW = "2026-03-01T12:00:00Z"
TEXAS = Follow(jurisdictions=("us-tx",))


def make_wish(target="jo@example.org", **fields):
    return check_wish(Wish(**{"channel": "mail", "target": target, "follows": (TEXAS,), **fields}))


@pytest.fixture
def db(tmp_path):
    with closing(open_subscribers(tmp_path)) as opened:
        yield opened


def read_notes(db):
    """Return the messages that ask back: kind, and the mail or the webhook's body."""
    rows = db.execute("SELECT id, kind FROM messages ORDER BY seq").fetchall()
    return [(row["kind"], read_message(db, row["id"])) for row in rows]


def sign(db, purpose, subscriber):
    return sign_token(keep_secret(db, SIGNING, b"x" * 32), purpose, subscriber)


# --- from asking to ending


def test_asking_sends_nothing_but_a_mail_that_asks_back(db):
    ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    ((kind, body),) = read_notes(db)
    mail = message_from_bytes(body, policy=policy.default)

    assert ("asked", None, "confirm") == (one.state, one.confirmed_at, kind)
    assert ("jo@example.org", "Start your reports?") == (mail["To"], mail["Subject"])
    assert "https://law.example/subscribe/confirm/" in mail.get_body(("plain",)).get_content()
    assert "Texas" in mail.get_body(("plain",)).get_content()


def test_whole_life_of_a_subscription(db):
    ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    steps = []

    def read(purpose):
        mine = open_link(db, purpose, sign(db, purpose, one.id))
        steps.append((mine.subscriber.state, mine.subscriber.cadence, mine.follows))
        return mine

    confirm(db, read("confirm"), later(NOW, hours=1))
    change(db, read("manage"), make_wish(follows=(Follow(topics=("pdmp",)),), cadence="daily", zone="America/Chicago"))
    stop(db, read("stop"), later(NOW, hours=2))
    start_again(db, read("stop"), later(NOW, hours=3))
    slow_down(db, read("stop"))
    erase(db, read("stop"), later(NOW, hours=4))

    pdmp = (Follow(topics=("pdmp",)),)
    assert [
        ("asked", "immediate", (TEXAS,)),
        ("active", "immediate", (TEXAS,)),
        ("active", "daily", pdmp),
        ("stopped", "daily", pdmp),
        ("active", "daily", pdmp),
        ("active", "weekly", pdmp),
    ] == steps
    with pytest.raises(BadTokenError, match="erased"):
        read("stop")
    (gone,) = list_subscribers(db)
    assert ("", b"", "stopped") == (gone.target, gone.secret, gone.state)


def test_reports_begin_with_the_confirmation(db):
    ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), later(NOW, hours=5))
    (one,) = list_subscribers(db)

    assert (later(NOW, hours=5),) * 2 == (one.confirmed_at, one.told_until)


def test_confirming_again_alters_nothing(db):
    ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    for hours in (1, 9):
        confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), later(NOW, hours=hours))
    (one,) = list_subscribers(db)

    assert later(NOW, hours=1) == one.confirmed_at


def test_asking_for_a_known_address_looks_the_same_and_tells_only_that_address(db):
    first = ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), NOW)
    second = ask(db, make_wish(follows=(Follow(),), cadence="weekly"), later(NOW, hours=1), SETTINGS)
    (same,) = list_subscribers(db)

    assert first == second
    assert ["confirm", "manage"] == [kind for kind, _ in read_notes(db)]
    assert "immediate" == same.cadence


def test_two_people_of_one_domain_are_two_subscribers_and_case_of_the_domain_does_not_count(db):
    for target in ("jo@example.org", "al@example.org", "jo@EXAMPLE.org"):
        ask(db, make_wish(target), NOW, SETTINGS)

    assert ["al@example.org", "jo@example.org"] == sorted(one.target for one in list_subscribers(db))


def test_webhook_is_asked_back_by_its_first_message_and_gets_its_secret_once(db):
    wish = make_wish("https://hooks.example.org/law", channel="webhook")
    told = ask(db, wish, NOW, SETTINGS)
    ((kind, body),) = read_notes(db)

    assert (32, "confirm", "confirm") == (len(told.secret), kind, msgspec.json.decode(body)["type"])
    assert msgspec.json.decode(body)["data"]["link"].startswith("https://law.example/subscribe/confirm/")


def test_nobody_is_subscribed_twice_by_starting_again(db):
    one, _ = take(db, make_wish(), NOW)
    mine = open_link(db, "stop", sign(db, "stop", one.id))
    stop(db, mine, NOW)
    take(db, make_wish(), later(NOW, hours=1))

    with pytest.raises(UsageError, match="subscribed already"):
        start_again(db, open_link(db, "stop", sign(db, "stop", one.id)), NOW)


def test_operator_subscribes_without_a_mail(db):
    one, is_new = take(db, make_wish(), NOW)
    again, is_newer = take(db, make_wish(cadence="daily"), NOW)

    assert (True, False, one.id, "active") == (is_new, is_newer, again.id, again.state)
    assert [] == read_notes(db)
    assert "daily" == find_subscriber(db, "mail", "jo@example.org").cadence


@pytest.mark.parametrize("missing", ["host", "sender", "address"])
def test_without_settings_nobody_can_ask(db, missing):
    with pytest.raises(NotConfiguredError):
        ask(db, make_wish(), NOW, msgspec.structs.replace(SETTINGS, **{missing: ""}))

    assert [] == list_subscribers(db)


def test_old_link_to_confirm_starts_nothing_that_was_stopped(db):
    ask(db, make_wish(), NOW, SETTINGS)
    (one,) = list_subscribers(db)
    confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), NOW)
    stop(db, open_link(db, "stop", sign(db, "stop", one.id)), later(NOW, hours=1))
    take(db, make_wish(), later(NOW, hours=2))

    with pytest.raises(EndedError, match="subscribe anew"):
        confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), later(NOW, hours=3))


@pytest.mark.parametrize(("hours", "may_start"), [(0, True), (24, True), (25, False)])
def test_link_to_stop_starts_again_what_it_ended_for_a_day(db, hours, may_start):
    one, _ = take(db, make_wish(), NOW)
    stop(db, open_link(db, "stop", sign(db, "stop", one.id)), NOW)
    mine, at = open_link(db, "stop", sign(db, "stop", one.id)), later(NOW, hours=hours)

    assert may_start == may_start_again(mine, at)
    if may_start:
        start_again(db, mine, at)
    else:
        with pytest.raises(EndedError, match="more than a day ago"):
            start_again(db, mine, at)
    assert ("active" if may_start else "stopped") == list_subscribers(db)[0].state


def test_what_goes_on_is_not_started_again(db):
    one, _ = take(db, make_wish(), NOW)

    with pytest.raises(UsageError, match="have not stopped"):
        start_again(db, open_link(db, "stop", sign(db, "stop", one.id)), NOW)


def test_webhook_changes_what_it_gets_and_keeps_its_address(db):
    one, _ = take(db, make_wish("https://hooks.example.org/law", channel="webhook"), NOW)
    choice = Wish(channel="mail", target="", follows=(Follow(topics=("pdmp",)),), cadence="weekly")
    change(db, open_link(db, "manage", sign(db, "manage", one.id)), choice)
    mine = open_link(db, "manage", sign(db, "manage", one.id))

    assert ("https://hooks.example.org/law", "weekly") == (mine.subscriber.target, mine.subscriber.cadence)
    assert choice.follows == mine.follows


def test_who_asks_for_a_webhook_on_the_site_does_not_learn_its_secret(db):
    wish = make_wish("https://hooks.example.org/law", channel="webhook")
    told = [ask(db, wish, later(NOW, hours=hour), SETTINGS, "somebody") for hour in range(2)]
    alter_subscriber(db, list_subscribers(db)[0].id, state="parked")
    told.append(ask(db, wish, later(NOW, hours=3), SETTINGS, "somebody"))

    assert [b""] * 3 == [one.secret for one in told]


def test_asked_anew_is_kept_for_another_week_and_mailed_as_asked_last(db):
    ask(db, make_wish(), NOW, SETTINGS)
    ask(db, make_wish(cadence="weekly", follows=(Follow(topics=("pdmp",)),)), later(NOW, days=6), SETTINGS)
    erase_old(db, later(NOW, days=8))
    (one,) = list_subscribers(db)
    text = message_from_bytes(read_notes(db)[1][1], policy=policy.default).get_body(("plain",)).get_content()

    assert ("asked", "jo@example.org", later(NOW, days=6)) == (one.state, one.target, one.created_at)
    assert CADENCES["weekly"] in text
    assert "Texas" not in text


# --- erasing


def list_bytes(folder):
    return b"".join(path.read_bytes() for path in folder.glob("subscribers.db*"))


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_erased_address_stands_nowhere_in_the_file_not_even_in_what_was_sent(tmp_path, is_asked_for):
    with closing(open_subscribers(tmp_path)) as db:
        ask(db, make_wish("jo.private@example.org"), NOW, SETTINGS)
        (one,) = list_subscribers(db)
        confirm(db, open_link(db, "confirm", sign(db, "confirm", one.id)), NOW)
        ask(db, make_wish("jo.private@example.org"), NOW, SETTINGS)
        db.execute("UPDATE messages SET state = 'sent', ended_at = ? WHERE kind = 'confirm'", (NOW,))
    assert b"jo.private" in list_bytes(tmp_path)

    with closing(open_subscribers(tmp_path)) as db:
        mine = open_link(db, "stop", sign(db, "stop", one.id))
        if is_asked_for:
            erase(db, mine, later(NOW, hours=1))
        else:
            stop(db, mine, later(NOW, hours=1))
            erase_old(db, later(NOW, days=31))
        left = db.execute("SELECT kind, state, body FROM messages ORDER BY seq").fetchall()

    assert [("confirm", "sent", None), ("manage", "dropped", None)] == [tuple(row) for row in left]
    assert b"jo.private" not in list_bytes(tmp_path)


def test_what_waits_for_who_never_confirmed_is_dropped_with_the_address(db):
    ask(db, make_wish(), NOW, SETTINGS)
    erase_old(db, later(NOW, days=8))
    (row,) = db.execute("SELECT state, reason, body FROM messages").fetchall()

    assert ("dropped", "the address was erased", None) == tuple(row)
    assert ["stopped"] == [one.state for one in list_subscribers(db)]


def test_who_opens_a_link_does_not_wait_for_who_writes(tmp_path):
    with closing(open_subscribers(tmp_path)) as writing, closing(open_subscribers(tmp_path)) as reading:
        one, _ = take(writing, make_wish(), NOW)
        token = sign(writing, "manage", one.id)
        reading.execute("PRAGMA busy_timeout = 0")
        with transaction(writing):
            slow_down(writing, open_link(writing, "manage", token))

            assert "immediate" == open_link(reading, "manage", token).subscriber.cadence


def test_one_address_asked_for_at_once_from_many_sides_is_one_subscriber(tmp_path):
    open_subscribers(tmp_path).close()

    def ask_once(number):
        with closing(open_subscribers(tmp_path)) as db:
            try:
                ask(db, make_wish(), NOW, SETTINGS, f"client {number}")
            except TooManyError:
                return "too many"
        return "asked"

    with ThreadPoolExecutor(8) as pool:
        came = Counter(pool.map(ask_once, range(8)))
    with closing(open_subscribers(tmp_path)) as db:
        kinds = [kind for kind, _ in read_notes(db)]

        assert {"asked": PER_TARGET, "too many": 8 - PER_TARGET} == came
        assert 1 == len(list_subscribers(db))
        assert ["confirm"] * PER_TARGET == kinds


# --- bounds


def test_one_address_is_asked_back_three_times_a_day(db):
    for hour in range(PER_TARGET):
        ask(db, make_wish(), later(NOW, hours=hour), SETTINGS, f"client {hour}")
    with pytest.raises(TooManyError, match="a day"):
        ask(db, make_wish(), later(NOW, hours=5), SETTINGS, "client x")

    ask(db, make_wish(), later(NOW, hours=25), SETTINGS, "client y")


def test_one_asker_asks_ten_times_an_hour(db):
    for number in range(PER_CLIENT):
        ask(db, make_wish(f"n{number}@example.org"), NOW, SETTINGS, "one")
    with pytest.raises(TooManyError, match="an hour"):
        ask(db, make_wish("other@example.org"), later(NOW, minutes=59), SETTINGS, "one")

    ask(db, make_wish("other@example.org"), later(NOW, minutes=59), SETTINGS, "two")
    ask(db, make_wish("third@example.org"), later(NOW, minutes=61), SETTINGS, "one")


def test_all_together_are_bounded_and_nobody_who_asks_is_written_down(db):
    for number in range(PER_ALL):
        ask(db, make_wish(f"n{number}@example.org"), NOW, SETTINGS, f"203.0.113.{number}")
    with pytest.raises(TooManyError):
        ask(db, make_wish("more@example.org"), NOW, SETTINGS, "fresh")

    keys = {row["key"] for row in db.execute("SELECT key FROM asks")}
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


# --- links


@pytest.mark.parametrize("purpose", ["confirm", "manage", "stop"])
def test_link_works_for_its_purpose_alone(db, purpose):
    one, _ = take(db, make_wish(), NOW)
    token = sign(db, purpose, one.id)

    for other in ("confirm", "manage", "stop"):
        if other == purpose:
            assert one.id == open_link(db, other, token).subscriber.id
        else:
            with pytest.raises(BadTokenError):
                open_link(db, other, token)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t[:-1],
        lambda t: f"{t}x",
        lambda t: t.swapcase(),
        lambda t: t.replace(".", ""),
        lambda _: "",
        lambda t: t * 9,
    ],
)
def test_link_that_is_not_whole_is_refused_without_being_repeated(db, spoil):
    one, _ = take(db, make_wish(), NOW)
    token = spoil(sign(db, "manage", one.id))

    with pytest.raises(BadTokenError) as caught:
        open_link(db, "manage", token)
    assert token == "" or token not in str(caught.value)


@pytest.mark.parametrize(
    ("purpose", "hours", "is_good"),
    [
        ("confirm", 47, True),
        ("confirm", 49, False),
        ("manage", 89 * 24, True),
        ("manage", 91 * 24, False),
        ("stop", 87600, True),
    ],
)
def test_links_last_as_long_as_they_say(monkeypatch, purpose, hours, is_good):
    token = sign_token(b"k" * 32, purpose, "someone")
    made = datetime.now(UTC)
    monkeypatch.setattr("itsdangerous.timed.time.time", (made + timedelta(hours=hours)).timestamp)

    if is_good:
        assert "someone" == read_token(b"k" * 32, purpose, token)
    else:
        with pytest.raises(ExpiredTokenError):
            read_token(b"k" * 32, purpose, token)


@pytest.mark.parametrize("path", ["/subscribe/confirm/abc.def", "/subscription/a/b", "/stop/x\ny"])
def test_token_never_stands_in_a_path_that_is_logged(path):
    assert hide_token(path).endswith("/…")
    assert "/subscribe" == hide_token("/subscribe")


# --- addresses


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("jo@example.org", "jo@example.org"),
        (" Jo.Doe+law@Mail.Example.ORG ", "Jo.Doe+law@mail.example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
    ],
)
def test_addresses_are_kept_as_mail_servers_read_them(text, kept):
    assert kept == check_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "jo",
        "jo@",
        "@example.org",
        "jo@localhost",
        "jo@@example.org",
        "jo@a@example.org",
        "jo doe@example.org",
        '"jo doe"@example.org',
        "jo(comment)@example.org",
        "jo@[127.0.0.1]",
        "jo@127.0.0.1",
        "jo@example.org, al@example.org",
        "jo@example.org\r\nBcc: al@example.org",
        "jo@example.org\nX: y",
        "jo\x00@example.org",
        "jo@exa\tmple.org",
        ".jo@example.org",
        "jo.@example.org",
        "j..o@example.org",
        "jo@-example.org",
        "jo@example-.org",
        "jo@example..org",
        "jo@.example.org",
        "<jo@example.org>",
        "Jo <jo@example.org>",
        "jo@example.org>",
        "jo;al@example.org",
        f"{'j' * 65}@example.org",
        f"jo@{'e' * 64}.org",
        f"jo@{'e.' * 130}org",
        "jöe@example.org",
        "jo@example.org\u202e",
        "mailto:jo@example.org",
        "jo@exam_ple.org",
        "jo@example.123",
    ],
)
def test_absurd_addresses_are_refused_in_words_that_do_not_repeat_them(text):
    with pytest.raises(BadAddressError) as caught:
        check_address(text)

    assert text in "name@example.org" or text not in str(caught.value)


def test_senders_have_names_without_signs_of_control():
    found = parse_sender('"Law, Inc." <reports@law.example>')

    assert ("Law, Inc.", "reports@law.example") == (found.display_name, found.addr_spec)
    with pytest.raises(BadAddressError):
        parse_sender("A\r\nBcc: x@example.org <a@example.org>")


def test_address_is_masked_so_that_only_its_owner_knows_it():
    assert "j…@example.org" == mask_address("jo.doe@example.org")


@pytest.mark.parametrize(
    "target",
    ["http://hooks.example.org/", "https://127.0.0.1/", "https://localhost/x", "ftp://a.example", "hooks.example.org"],
)
def test_webhook_must_be_public(target):
    with pytest.raises(BadTargetError):
        make_wish(target, channel="webhook")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cadence": "hourly"}, "immediate, daily, weekly"),
        ({"zone": "Mars/Olympus"}, "America/Chicago"),
        ({"zone": "America/Chcago"}, "America/Chicago"),
        ({"zone": "../../etc/passwd"}, "expected a name"),
        ({"follows": ()}, "1 to 20"),
        ({"follows": (TEXAS,) * 21}, "found 21"),
    ],
)
def test_wish_that_cannot_be_met_says_what_can(fields, words):
    with pytest.raises(UsageError, match=words):
        make_wish(**fields)


# --- what is followed


def make_moved(**fields):
    told = {
        "id": "c", "document": "us-tx/a/1", "strand": "current", "eid": "a", "citation": "§ 1(a)", "heading": "",
        "kind": "amended", "part": "text", "nature": "substantive", "signals": (), "reason": "", "count": 1,
        "effective_on": None, "topics": ("telehealth",), "professions": ("physician",), "binding": "statute", "url": "",
        "cause": "", "old_text": "a", "new_text": "b", "is_cut": False,
    }  # fmt: skip
    return Moved(**{**told, **fields})


def make_story(*moved, jurisdiction="us-tx"):
    return Story(
        id="s", event="e", jurisdiction=jurisdiction, place="Texas", source="us-tx-a", title="Code", observed_at=NOW,
        confirmed_at=NOW, release=1, replica=False, moved=moved,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("follow", "is_told"),
    [
        (Follow(), True),
        (Follow(jurisdictions=("us-tx", "us-or")), True),
        (Follow(jurisdictions=("us-or",)), False),
        (Follow(topics=("telehealth",)), True),
        (Follow(topics=("pdmp",)), False),
        (Follow(professions=("physician", "nurse")), True),
        (Follow(professions=("dentist",)), False),
        (Follow(bindings=("statute",)), True),
        (Follow(bindings=("proposal",)), False),
        (Follow(natures=("editorial",)), False),
        (Follow(parts=("note",)), False),
    ],
)
def test_every_dimension_of_a_follow_narrows(follow, is_told):
    assert ((0,) if is_told else ()) == select_moved(make_story(make_moved()), [follow])


def test_rule_that_names_nobody_passes_any_choice_of_professions():
    assert (0,) == select_moved(make_story(make_moved(professions=())), [Follow(professions=("dentist",))])


def test_wording_and_notes_are_told_to_those_who_ask():
    story = make_story(
        make_moved(), make_moved(nature="editorial"), make_moved(part="note"), make_moved(part="pending")
    )

    assert (0, 3) == select_moved(story, [Follow()])
    assert (0, 1, 2, 3) == select_moved(story, [Follow(natures=NATURES, parts=PARTS)])


FOLLOWS = st.builds(
    Follow,
    jurisdictions=st.sets(st.sampled_from(["us-tx", "us-or", "us"])).map(tuple),
    topics=st.sets(st.sampled_from(["telehealth", "pdmp"])).map(tuple),
    professions=st.sets(st.sampled_from(["physician", "nurse"])).map(tuple),
    bindings=st.sets(st.sampled_from(["statute", "policy"])).map(tuple),
    natures=st.sets(st.sampled_from(NATURES), min_size=1).map(tuple),
    parts=st.sets(st.sampled_from(PARTS), min_size=1).map(tuple),
)
MOVES = st.builds(
    make_moved,
    topics=st.sets(st.sampled_from(["telehealth", "pdmp"])).map(tuple),
    professions=st.sets(st.sampled_from(["physician", "nurse"])).map(tuple),
    binding=st.sampled_from(["statute", "policy"]),
    nature=st.sampled_from(NATURES),
    part=st.sampled_from(PARTS),
)


@given(FOLLOWS, FOLLOWS, st.lists(MOVES, max_size=6))
def test_following_more_never_tells_less(first, second, moves):
    story = make_story(*moves)
    both = select_moved(story, [first, second])

    assert set(both) == {*select_moved(story, [first]), *select_moved(story, [second])}
    for name in ("jurisdictions", "topics", "professions", "bindings"):
        wider = msgspec.structs.replace(first, **{name: ()})
        assert set(select_moved(story, [first])) <= set(select_moved(story, [wider]))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("jurisdiction", "us-zz", "58"),
        ("topic", "telehealt", "telehealth"),
        ("profession", "wizard", "physician"),
        ("binding", "statut", "statute"),
        ("nature", "big", "substantive"),
        ("part", "foot", "heading"),
    ],
)
def test_unknown_terms_are_refused_with_what_there_is(name, value, words):
    with pytest.raises(UnknownTermError, match=name) as caught:
        parse_follow({name: [value]})
    assert words in str(caught.value)


def test_choices_are_read_in_the_order_of_what_there_is_and_empty_ones_count_for_nothing():
    found = parse_follow({"jurisdiction": ["us-tx", "", "us-ca", "us-tx"], "topic": [""], "nature": ["any"]})

    assert (("us-ca", "us-tx"), (), NATURES) == (found.jurisdictions, found.topics, found.natures)


@pytest.mark.parametrize(
    ("follow", "words"),
    [
        (Follow(), "all jurisdictions · all topics · rule changes"),
        (Follow(jurisdictions=("us-tx", "us-or")), "Texas and Oregon · all topics · rule changes"),
        (Follow(natures=NATURES, parts=PARTS), "everything that moves, wording and notes too"),
        (Follow(jurisdictions=tuple(list_terms("jurisdiction"))[:9]), "and 6 more"),
    ],
)
def test_follow_is_told_in_words(follow, words):
    assert words in describe_follow(follow)


# --- when


@pytest.mark.parametrize(
    ("now", "cadence", "zone", "end"),
    [
        ("2026-03-04T12:00:00Z", "immediate", "UTC", "2026-03-04T12:00:00Z"),
        ("2026-03-04T06:59:59Z", "daily", "UTC", "2026-03-03T07:00:00Z"),
        ("2026-03-04T07:00:00Z", "daily", "UTC", "2026-03-04T07:00:00Z"),
        # Clocks are put forward on Mar 8, 2026 in New York: 07:00 is 12:00 UTC before and 11:00 after.
        ("2026-03-07T12:00:00Z", "daily", "America/New_York", "2026-03-07T12:00:00Z"),
        ("2026-03-08T11:00:00Z", "daily", "America/New_York", "2026-03-08T11:00:00Z"),
        # And back on Nov 1.
        ("2026-11-01T11:59:00Z", "daily", "America/New_York", "2026-10-31T11:00:00Z"),
        ("2026-11-01T12:00:00Z", "daily", "America/New_York", "2026-11-01T12:00:00Z"),
        # Half an hour of summer time on Lord Howe.
        ("2026-04-05T20:30:00Z", "daily", "Australia/Lord_Howe", "2026-04-05T20:30:00Z"),
        ("2026-03-02T06:00:00Z", "weekly", "UTC", "2026-02-23T07:00:00Z"),
        ("2026-03-02T08:00:00Z", "weekly", "UTC", "2026-03-02T07:00:00Z"),
        ("2026-03-01T23:00:00Z", "weekly", "Pacific/Auckland", "2026-03-01T18:00:00Z"),
    ],
)
def test_days_and_weeks_end_at_seven_of_the_readers_clock(now, cadence, zone, end):
    assert end == find_period_end(now, cadence, zone)


INSTANTS = st.integers(1_577_836_800, 2_051_222_400).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
)
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Pacific/Kiritimati"]
)


@given(INSTANTS, INSTANTS, st.sampled_from(list(CADENCES)), ZONES)
@example("2026-03-08T10:59:59Z", "2026-03-08T11:00:00Z", "daily", "America/New_York")
def test_ends_of_periods_never_lie_ahead_never_go_back_and_are_never_long_ago(first, second, cadence, zone):
    early, late = sorted((first, second))
    ends = [find_period_end(now, cadence, zone) for now in (early, late)]

    assert sorted(ends) == ends
    assert all(end <= now for end, now in zip(ends, (early, late), strict=True))
    longest = timedelta(days=7 if cadence == "weekly" else 1, hours=2)
    assert datetime.fromisoformat(late) - datetime.fromisoformat(ends[1]) <= longest
    assert ends[1] == find_period_end(ends[1], cadence, zone)


def test_readers_day_is_that_of_their_clock():
    assert ("2026-03-01", "2026-03-02") == (
        find_today("2026-03-01T23:30:00Z", "UTC"),
        find_today("2026-03-01T23:30:00Z", "Pacific/Auckland"),
    )
    assert "UTC" == check_zone("UTC")
