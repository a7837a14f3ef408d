"""What the doctor says of notices: what is missing, what is open, what waits, and which records a domain needs."""

from contextlib import closing
from datetime import date

import pytest

from bench.faults import fill
from kb.mail_checkup import examine_notices
from kb.store.outbox import Ending, end_try
from kb.store.subscribers import open_subscribers

GOOD = {
    "KB_MAIL_SERVER": "smtp://mail.law.example",
    "KB_MAIL_FROM": "Status Quo <reports@law.example>",
    "KB_ADDRESS": "https://law.example",
}
TODAY = date(2026, 1, 1)


def find_codes(data, environment, today=TODAY):
    return [finding.code for finding in examine_notices(data, environment, today) if finding.weight == "act"]


def test_folder_without_subscribers_and_settings_has_nothing_to_be_said(tmp_path):
    assert [] == list(examine_notices(tmp_path, {}, TODAY))


def test_good_settings_only_name_the_records_of_the_domain(tmp_path):
    found = list(examine_notices(tmp_path, GOOD, TODAY))

    assert ["spf", "dkim", "dmarc"] == [finding.code for finding in found]
    assert "v=spf1 a:mail.law.example -all" in found[0].message
    assert "_dmarc.law.example" in found[2].message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"KB_MAIL_FROM": ""}, "mail_unset"),
        ({"KB_ADDRESS": ""}, "mail_unset"),
        ({"KB_MAIL_SERVER": "mail.law.example"}, "mail_settings"),
        ({"KB_MAIL_FROM": "nobody"}, "mail_settings"),
        ({"KB_ADDRESS": "http://law.example"}, "mail_address"),
        ({"KB_MAIL_SERVER": "smtp+plain://mail.law.example"}, "mail_plain"),
        ({"KB_MAIL_SERVER": "smtp://kb@mail.law.example"}, "mail_password"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path, change, code):
    assert [code] == find_codes(tmp_path, GOOD | change)


def test_file_of_subscribers_that_others_may_read_is_named(tmp_path):
    fill(tmp_path, 1)
    assert [] == find_codes(tmp_path, GOOD)
    (tmp_path / "subscribers.db").chmod(0o644)

    assert ["subscribers_open"] == find_codes(tmp_path, GOOD)


def test_what_waits_for_days_and_what_is_parked_is_named_with_its_reason(tmp_path):
    fill(tmp_path, 2)
    with closing(open_subscribers(tmp_path)) as db:
        ending = Ending(state="parked", outcome="failed", reply="554 refused")
        end_try(db, "<m0@law.example>", ending, "2026-01-01T00:00:00Z")
    found = [one.message for one in examine_notices(tmp_path, GOOD, date(2026, 1, 4)) if one.weight == "act"]

    assert "1 report messages could not be sent: 554 refused" in found
    assert "1 report messages wait since 2026-01-01T00:00:00Z: nobody sent them" in found
