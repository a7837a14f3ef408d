"""Look at how notices are set up: settings, files, what waits, and the records of a domain that make mail arrive."""

import stat
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from kb.doctor import Finding
from kb.errors import UsageError
from kb.ledger import read_standing
from kb.mail_settings import ADDRESS, LOCAL, SENDER, SERVER, MailSettings, read_mail_settings
from kb.store.subscribers import FILE
from kb.tell.addresses import parse_sender

# A message that waits for longer than this, in days, is trouble nobody looked at.
MOST_WAITING_DAYS = 1
OWNER_ONLY = 0o077


def examine_notices(data: Path, environment: Mapping[str, str], today: date) -> Iterator[Finding]:
    """Yield what is to be said of notices; nothing where nobody subscribed and nothing is set up. Asks no server."""
    is_used = (data / FILE).is_file()
    if not is_used and not any(environment.get(name) for name in (SERVER, SENDER)):
        return
    try:
        settings = read_mail_settings(environment)
    except UsageError as error:
        yield Finding("act", "mail_settings", str(error), "set the variable right; docs/notices.md has them all")
        return
    yield from _examine_settings(settings)
    if is_used:
        yield from _examine_file(data / FILE)
        yield from _examine_outbox(data, today)


def _examine_settings(settings: MailSettings) -> Iterator[Finding]:
    missing = [
        name
        for name, value in ((SERVER, settings.host), (SENDER, settings.sender), (ADDRESS, settings.address))
        if not value
    ]
    if missing:
        message = f"notices: {', '.join(missing)} not set: no mail is sent, reports wait"
        yield Finding("act", "mail_unset", message, "set them for kb serve, kb update and kb notify alike")
        return
    if not settings.address.startswith("https://"):
        yield Finding(
            "act", "mail_address", f"{ADDRESS} is not https: links that let people act travel unprotected", "use https"
        )
    if settings.safety == "none" and settings.host not in LOCAL:
        yield Finding(
            "act",
            "mail_plain",
            f"{SERVER} sends mail unencrypted to {settings.host}",
            "use smtp:// (STARTTLS) or smtps://",
        )
    if settings.user and not settings.password:
        yield Finding("act", "mail_password", f"{SERVER} names a user and no password is set", "set KB_MAIL_PASSWORD")
    yield from _hint_records(settings)


def _hint_records(settings: MailSettings) -> Iterator[Finding]:
    """Yield the records of the sender's domain that receivers ask for; whether they stand is not asked here."""
    domain = settings.domain
    bounces = settings.bounces.rpartition("@")[2] or domain
    host = settings.host
    message = f"SPF: {bounces} needs a TXT record that allows {host}: v=spf1 a:{host} -all (RFC 7208)"
    yield Finding("note", "spf", message)
    message = f"DKIM: {host} must sign as {domain}, List-Unsubscribe and List-Unsubscribe-Post too (RFC 6376, 8058)"
    yield Finding("note", "dkim", message)
    address = parse_sender(settings.reply or settings.sender).addr_spec
    message = f"DMARC: _dmarc.{domain} TXT v=DMARC1; p=quarantine; rua=mailto:{address} (RFC 7489)"
    yield Finding("note", "dmarc", message)


def _examine_file(path: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OWNER_ONLY:
        message = f"{path.name} holds addresses and may be read by others (mode {mode:o})"
        yield Finding("act", "subscribers_open", message, f"chmod 600 {path}")


def _examine_outbox(data: Path, today: date) -> Iterator[Finding]:
    standing = read_standing(data)
    for count in standing.messages:
        if count.state == "parked":
            message = f"{count.count} {count.kind} messages could not be sent: {count.reason}"
            yield Finding("act", "mail_parked", message, "kb notify --status; kb notify --retry all sends them again")
        elif count.state == "waiting" and (today - date.fromisoformat(count.oldest[:10])).days > MOST_WAITING_DAYS:
            reason = count.reason or "nobody sent them"
            message = f"{count.count} {count.kind} messages wait since {count.oldest}: {reason}"
            yield Finding("act", "mail_waiting", message, "kb notify sends them; run it or kb update from cron")
    for name, target, reason in standing.parked:
        yield Finding("note", "subscriber_parked", f"subscriber {name} ({target}) gets nothing any more: {reason}")
    told = ", ".join(f"{count} {state}" for state, count in sorted(standing.subscribers.items())) or "none"
    yield Finding("ok", "subscribers", f"subscribers: {told}")
