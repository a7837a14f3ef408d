"""Questions to a generation that make a reporter's story, ready-made as SQL that anyone may edit.

Parameters left empty let everything pass.
"""

from collections.abc import Mapping

import msgspec


class CannedQuery(msgspec.Struct, frozen=True):
    """A question with its title, what it answers, and its SQL."""

    title: str
    description: str
    sql: str


STORIES: Mapping[str, CannedQuery] = {
    "rules_soon_after_their_statute": CannedQuery(
        "Rules that moved soon after their statute",
        "Which regulations moved within so many days (30) after a statute of the same state on the same topic did: who "
        "keeps up. A jurisdiction (us-or) narrows it; latest first.",
        """
WITH moved AS (
    SELECT DISTINCT jurisdiction, binding, document, citation, SUBSTR(observed_at, 1, 10) AS day, topic.value AS topic
    FROM changes, JSON_EACH(changes.topics) AS topic
    WHERE nature = 'substantive' AND part IN ('text', 'heading')
        AND binding IN ('statute', 'regulation')
        AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
)
SELECT statute.jurisdiction, statute.day AS statute_moved_on, statute.citation AS statute,
    rule.day AS rule_moved_on, rule.citation AS rule,
    CAST(JULIANDAY(rule.day) - JULIANDAY(statute.day) AS INTEGER) AS days_later,
    GROUP_CONCAT(DISTINCT statute.topic) AS topics, statute.document AS statute_document, rule.document
FROM moved AS statute
JOIN moved AS rule ON rule.jurisdiction = statute.jurisdiction AND rule.topic = statute.topic
WHERE statute.binding = 'statute' AND rule.binding = 'regulation'
    AND rule.day BETWEEN statute.day AND DATE(statute.day, '+' || COALESCE(NULLIF(:days, ''), '30') || ' days')
GROUP BY statute.document, statute.day, rule.document, rule.day
ORDER BY rule_moved_on DESC, statute, rule
LIMIT 500
""",
    ),
    "longest_unchanged_schedules": CannedQuery(
        "Schedules of controlled substances unchanged for longest",
        "Texts shown now whose heading speaks of schedules or controlled substances, by the day since which their "
        "words stand as they do; first sight counts where nothing moved since. Oldest first.",
        """
SELECT versions.observed_from AS stands_since, versions.citation, versions.heading, sources.jurisdiction,
    COALESCE(versions.valid_from, '') AS valid_from, documents.watched_since, documents.versions,
    documents.last_seen, versions.document, versions.url
FROM versions
JOIN documents ON (documents.document, documents.strand, documents.source)
    = (versions.document, versions.strand, versions.source)
JOIN sources ON sources.source = versions.source
WHERE versions.closed_at IS NULL
    AND (versions.heading LIKE '%schedule%' OR versions.heading LIKE '%controlled substance%')
ORDER BY stands_since, versions.document
LIMIT 500
""",
    ),
    "deadlines_and_fees_that_moved": CannedQuery(
        "Deadlines, doses and fees that moved",
        "Rule changes in which a number moved (30 days to 15, 40 dollars to 60), with the words that tell it.",
        """
SELECT observed_at, jurisdiction, citation, eid, reason, old_text, new_text, effective_on, url, id
FROM changes
WHERE nature = 'substantive' AND part IN ('text', 'heading') AND kind = 'amended'
    AND EXISTS (SELECT 1 FROM JSON_EACH(changes.signals) WHERE value = 'number')
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
ORDER BY observed_at DESC, document, place
LIMIT 200
""",
    ),
    "duties_that_came_or_went": CannedQuery(
        "Duties that came or went",
        "Rule changes in which may became must or must became may, or a negation moved: who has to do what now.",
        """
SELECT observed_at, jurisdiction, citation, eid, reason, professions, old_text, new_text, effective_on, url, id
FROM changes
WHERE nature = 'substantive' AND part IN ('text', 'heading')
    AND EXISTS (SELECT 1 FROM JSON_EACH(changes.signals) WHERE value IN ('modality', 'negation'))
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
ORDER BY observed_at DESC, document, place
LIMIT 200
""",
    ),
    "in_force_before_shown": CannedQuery(
        "Rules in force before their page showed them",
        "Rule changes first seen at least so many days (1) after the day from which they apply, by their own word: how "
        "long people could not read what bound them. First sight hangs on how often we read: see the cadence.",
        """
SELECT CAST(JULIANDAY(SUBSTR(observed_at, 1, 10)) - JULIANDAY(effective_on) AS INTEGER) AS days_late, effective_on,
    observed_at, sources.cadence, changes.jurisdiction, citation, eid, kind, reason, cause, changes.url, id
FROM changes
JOIN sources ON sources.source = changes.source
WHERE effective_on IS NOT NULL
    AND effective_on >= SUBSTR(sources.since, 1, 10)
    AND nature = 'substantive' AND part IN ('text', 'heading')
    AND JULIANDAY(SUBSTR(observed_at, 1, 10)) - JULIANDAY(effective_on)
        >= CAST(COALESCE(NULLIF(:days, ''), '1') AS INTEGER)
ORDER BY days_late DESC, citation, eid
LIMIT 500
""",
    ),
    "words_that_vanished": CannedQuery(
        "Where words vanished from the law",
        "Changes whose old text holds all the words asked for and whose new text does not: a right, a duty, a "
        "substance that is gone. Latest first.",
        """
SELECT changes.observed_at, changes.jurisdiction, changes.citation, changes.old_eid, changes.kind, changes.nature,
    changes.reason, changes.old_text, changes.new_text, changes.url, changes.id
FROM changes_fts
JOIN changes ON changes.rowid = changes_fts.rowid
WHERE changes_fts MATCH 'old_text : (' || COALESCE(NULLIF(TRIM(ESCAPE_FTS(REPLACE(:words, CHAR(0), ' '))), ''), '""')
    || ') NOT new_text : ('
    || COALESCE(NULLIF(TRIM(ESCAPE_FTS(REPLACE(:words, CHAR(0), ' '))), ''), '""') || ')'
    AND changes.part IN ('text', 'heading')
ORDER BY changes.observed_at DESC, changes.document, changes.place
LIMIT 200
""",
    ),
    "rewritten_most_often": CannedQuery(
        "Provisions rewritten most often",
        "Provisions whose rule moved more than once, with how often and when first and last.",
        """
SELECT COUNT(*) AS times, MIN(observed_at) AS first_at, MAX(observed_at) AS last_at, jurisdiction, MAX(citation)
    AS citation, eid, document, source
FROM changes
WHERE nature = 'substantive' AND part IN ('text', 'heading') AND kind = 'amended'
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
GROUP BY document, source, strand, eid
HAVING COUNT(*) > 1
ORDER BY times DESC, last_at DESC, document, eid
LIMIT 200
""",
    ),
    "rule_changes_by_month": CannedQuery(
        "Rule changes by state and month",
        "How many rule changes were first seen in each jurisdiction and month, with how many of its sources are read: "
        "who legislates most, and what we can see of it.",
        """
SELECT SUBSTR(day, 1, 7) AS month, daily_counts.jurisdiction, jurisdictions.name, SUM(daily_counts.rule_changes)
    AS rule_changes, SUM(daily_counts.changes) AS changes, coverage.sources
FROM daily_counts
JOIN jurisdictions ON jurisdictions.jurisdiction = daily_counts.jurisdiction
JOIN coverage ON coverage.jurisdiction = daily_counts.jurisdiction
GROUP BY month, daily_counts.jurisdiction
ORDER BY month DESC, rule_changes DESC, daily_counts.jurisdiction
LIMIT 1000
""",
    ),
    "rules_removed": CannedQuery(
        "Rules that were removed",
        "Provisions and whole documents that are gone, with their last words; latest first.",
        """
SELECT observed_at, confirmed_at, jurisdiction, COALESCE(old_citation, citation) AS citation, old_eid, heading, count,
    old_text, cause, COALESCE(old_url, url) AS url, id
FROM changes
WHERE kind = 'removed' AND nature = 'substantive' AND part IN ('text', 'heading')
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
ORDER BY observed_at DESC, document, place
LIMIT 200
""",
    ),
    "officials_who_refuse": CannedQuery(
        "Official sites that may not or cannot be read",
        "Sources whose publisher refuses machines, forbids them or asks for a key, since when, why, and what stands in "
        "for them: public law that is hard to watch.",
        """
SELECT jurisdictions.name, sources.source, COALESCE(authorities.name, '') AS authority, crawl_state, policy_since,
    crawl_reason, fallback, last_checked, sources.url
FROM sources
JOIN jurisdictions ON jurisdictions.jurisdiction = sources.jurisdiction
LEFT JOIN authorities ON authorities.authority = sources.authority
WHERE crawl_state <> 'open'
ORDER BY jurisdictions.name, sources.source
""",
    ),
    "where_old_numbers_lead": CannedQuery(
        "Where old numbers lead",
        "Provisions and documents that got another number or place, from the old one to the new: mend old citations.",
        """
SELECT since, old_document, old_eid, document, eid, source, change
FROM crosswalk
WHERE (:document = '' OR old_document = :document)
ORDER BY since DESC, old_document, old_eid, document, eid
LIMIT 500
""",
    ),
}
