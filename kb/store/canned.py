"""The obvious questions to a generation, as SQL that the site offers ready-made and anyone may edit.

Parameters left empty let everything pass. Today is the day of the generation, never the clock's.
"""

from collections.abc import Mapping

from kb.store.stories import STORIES, CannedQuery

CANNED: Mapping[str, CannedQuery] = {
    "changes_since": CannedQuery(
        "What changed in a state since a date",
        "Changes first seen on or after a date (2024-01-31) in a jurisdiction (us-or); latest first.",
        """
SELECT observed_at, jurisdiction, citation, eid, kind, part, nature, reason, effective_on, document, url, id
FROM changes
WHERE (:jurisdiction = '' OR jurisdiction = :jurisdiction)
    AND observed_at >= :since
ORDER BY observed_at DESC, document, place
LIMIT 500
""",
    ),
    "rule_changes_by_topic": CannedQuery(
        "Rule changes on a topic",
        "Substantive changes of text or heading whose topics name the one asked for; latest first.",
        """
SELECT observed_at, jurisdiction, citation, eid, kind, reason, signals, topics, effective_on, document, url, id
FROM changes
WHERE nature = 'substantive'
    AND part IN ('text', 'heading')
    AND (:topic = '' OR EXISTS (SELECT 1 FROM JSON_EACH(changes.topics) WHERE value = :topic))
ORDER BY observed_at DESC, document, place
LIMIT 500
""",
    ),
    "sources_not_checked": CannedQuery(
        "Sources not checked for a number of days",
        "Sources whose last good reading is older than the days asked for, or that were never read; oldest first.",
        """
SELECT source, jurisdiction, title, cadence, crawl_state, last_checked,
    CAST(JULIANDAY((SELECT MAX(published_at) FROM releases)) - JULIANDAY(NULLIF(last_checked, '')) AS INTEGER)
        AS days_ago,
    open_suspects
FROM sources
WHERE last_checked = ''
    OR JULIANDAY((SELECT MAX(published_at) FROM releases)) - JULIANDAY(last_checked) >= CAST(:days AS REAL)
ORDER BY last_checked, source
""",
    ),
    "versions_of_document": CannedQuery(
        "All versions of a document",
        "Every text a document (us-dc/code/48-902.08) was seen with, in the order of first sight.",
        """
SELECT observed_from, last_seen, closed_at, valid_from, valid_to, valid_basis, strand, citation, heading, source,
    url, sha256, version
FROM versions
WHERE document = :document
ORDER BY strand, observed_from, valid_from, version
""",
    ),
    "text_as_of": CannedQuery(
        "The text of a document as it was shown on a date",
        "The provisions of every version of a document first seen by the end of a date and not replaced by then.",
        """
SELECT versions.strand, provisions.eid, provisions.number, provisions.heading, provisions.text, provisions.note,
    provisions.pending, versions.observed_from, versions.last_seen, versions.closed_at, versions.url, versions.sha256
FROM versions
JOIN provisions ON provisions.version = versions.version
WHERE versions.document = :document
    AND SUBSTR(versions.observed_from, 1, 10) <= :date
    AND (versions.closed_at IS NULL OR SUBSTR(versions.closed_at, 1, 10) > :date)
ORDER BY versions.strand, versions.valid_from, versions.version, provisions.place
""",
    ),
    "search_provisions": CannedQuery(
        "Search the text shown today",
        "Provisions of the versions shown today that hold all the words asked for, in any of their forms.",
        """
SELECT versions.citation, provisions.eid, SNIPPET(provisions_fts, -1, '', '', '…', 24) AS found, versions.document,
    versions.url, versions.last_seen
FROM provisions_fts
JOIN provisions ON provisions.rowid = provisions_fts.rowid
JOIN versions ON versions.version = provisions.version
WHERE provisions_fts MATCH COALESCE(NULLIF(TRIM(ESCAPE_FTS(REPLACE(:words, CHAR(0), ' '))), ''), '""')
    AND versions.closed_at IS NULL
ORDER BY RANK
LIMIT 100
""",
    ),
    "search_changes": CannedQuery(
        "Search what moved",
        "Changes whose old or new text holds all the words asked for, in any of their forms; latest first.",
        """
SELECT changes.observed_at, changes.jurisdiction, changes.citation, changes.eid, changes.kind, changes.nature,
    changes.reason, changes.document, changes.url, changes.id
FROM changes_fts
JOIN changes ON changes.rowid = changes_fts.rowid
WHERE changes_fts MATCH COALESCE(NULLIF(TRIM(ESCAPE_FTS(REPLACE(:words, CHAR(0), ' '))), ''), '""')
ORDER BY changes.observed_at DESC, changes.document, changes.place
LIMIT 200
""",
    ),
    "upcoming": CannedQuery(
        "What takes effect from a date on",
        "Changes that state a date of effect on or after the date asked for; soonest first.",
        """
SELECT effective_on, jurisdiction, citation, eid, kind, nature, reason, observed_at, document, url, id
FROM changes
WHERE effective_on >= :from_date
ORDER BY effective_on, document, place
LIMIT 500
""",
    ),
    "rules_behind_their_statute": CannedQuery(
        "Rules older than the statute they cite",
        "Rules and guidance citing a provision of a statute that changed after them, or perhaps before.",
        """
SELECT jurisdiction, citation, eid, text, binding, age_on, age_basis, since, cited_document, cited_eid, change, why,
    document, url
FROM stale_citations INDEXED BY stale_citations_by_why
WHERE why IN ('behind', 'unclear')
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
    AND since <= (SELECT SUBSTR(MAX(published_at), 1, 10) FROM releases)
ORDER BY why, since DESC, document, eid
LIMIT 500
""",
    ),
    "citations_to_the_repealed": CannedQuery(
        "Citations to repealed, removed or renumbered law",
        "Citations, in texts that stand, of provisions that were repealed or taken out, or bear another number now.",
        """
SELECT jurisdiction, citation, eid, text, why, since, cited_document, cited_eid, now_document, now_eid, change,
    document, url
FROM stale_citations INDEXED BY stale_citations_by_why
WHERE why IN ('repealed', 'removed', 'renumbered')
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
    AND since <= (SELECT SUBSTR(MAX(published_at), 1, 10) FROM releases)
ORDER BY since DESC, document, eid
LIMIT 500
""",
    ),
    "not_to_be_trusted": CannedQuery(
        "Pages not to be trusted now",
        "Pages whose latest answer was suspect (a stub, a maintenance page, a captcha): the last good version stands.",
        """
SELECT source, url, observed_at, status, reasons
FROM suspects
WHERE resolved_at IS NULL
ORDER BY source, url, observed_at
""",
    ),
    "status": CannedQuery(
        "What the rules answered on a date, as known on a date",
        "Facts on a question in a jurisdiction: how they stand to the law's date as_of (in force, coming, lapsed, "
        "pending, unseen) and what their proof was worth at known_at, a date or an instant; empty: the generation's. "
        "Scopes, reversions and conflicts are settled in the table answers and by kb compare.",
        """
WITH moment AS (
    SELECT COALESCE(NULLIF(:as_of, ''), SUBSTR(MAX(published_at), 1, 10)) AS day,
        CASE LENGTH(:known_at) WHEN 0 THEN RTRIM(MAX(published_at), 'Z') WHEN 10 THEN :known_at || 'T23:59:59.999999'
            ELSE RTRIM(:known_at, 'Z') END AS cut
    FROM releases
),
dated AS (
    SELECT facts.*, moment.day, moment.cut,
        COALESCE((
            SELECT earlier.superseded_on FROM facts AS earlier
            WHERE earlier.jurisdiction = facts.jurisdiction AND earlier.question = facts.question
                AND SUBSTR(earlier.fact, 1, INSTR(earlier.fact || '-', '-') - 1)
                    = SUBSTR(facts.fact, 1, INSTR(facts.fact || '-', '-') - 1)
                AND earlier.place < facts.place
            ORDER BY earlier.place DESC LIMIT 1
        ), coded_on) AS stands_from,
        SUBSTR(NULLIF(effective_from, '') || '-01-01', 1, 10) AS first_day,
        CASE LENGTH(effective_to) WHEN 0 THEN NULL WHEN 4 THEN effective_to || '-12-31'
            WHEN 7 THEN DATE(effective_to || '-01', '+1 month', '-1 day') ELSE effective_to END AS last_day,
        MIN(
            coded_on,
            COALESCE((SELECT MIN(SUBSTR(NULLIF(value ->> 'seen_on', '') || '-01-01', 1, 10))
                FROM JSON_EACH(facts.evidence)), coded_on),
            COALESCE((SELECT MIN(SUBSTR(NULLIF(captured_at, ''), 1, 10)) FROM fact_history
                WHERE fact_history.fact = facts.fact AND state IN ('anchored', 'verified')
                    AND RTRIM(wave_at, 'Z') <= moment.cut), coded_on)
        ) AS seen
    FROM facts, moment
    WHERE (:jurisdiction = '' OR jurisdiction = :jurisdiction)
        AND (:question = '' OR question = :question)
)
SELECT jurisdiction, question,
    CASE WHEN binding IN ('bill', 'proposal') THEN 'pending' WHEN first_day > day THEN 'coming'
        WHEN last_day < day THEN 'lapsed'
        WHEN first_day IS NULL AND COALESCE(gap, 'law_silent') = 'law_silent'
            AND day < MIN(seen, COALESCE(last_day, seen)) THEN 'unseen'
        ELSE 'in_force' END AS phase,
    value, label, gap, scope,
    COALESCE((
        SELECT state FROM fact_history
        WHERE fact_history.fact = dated.fact AND RTRIM(wave_at, 'Z') <= cut
        ORDER BY fact_history.place DESC LIMIT 1
    ), 'reported') AS state,
    citation, binding, effective_from, effective_to, reverts_to, confidence, coded_on,
    CASE WHEN reviewed_on <= SUBSTR(cut, 1, 10) THEN reviewed_on ELSE '' END AS reviewed_on, fact, day AS as_of,
    cut || 'Z' AS known_at
FROM dated
WHERE stands_from <> '' AND stands_from <= SUBSTR(cut, 1, 10)
    AND (superseded_on = '' OR superseded_on > SUBSTR(cut, 1, 10))
ORDER BY jurisdiction, question, phase <> 'in_force', phase, place
LIMIT 2000
""",
    ),
    "upcoming_answers": CannedQuery(
        "Which answers begin or end from a date on",
        "Dates on or after the one asked for (empty: the generation's) on which an answer takes effect, ends or "
        "reverts, or comments are due, in a jurisdiction and on a question; soonest first.",
        """
SELECT day, jurisdiction, kind, question, title, citation, url, stated, subject
FROM dates
WHERE question <> ''
    AND day >= COALESCE(NULLIF(:from_date, ''), (SELECT SUBSTR(MAX(published_at), 1, 10) FROM releases))
    AND (:jurisdiction = '' OR jurisdiction = :jurisdiction)
    AND (:question = '' OR question = :question)
ORDER BY day, jurisdiction, question, subject, kind
LIMIT 500
""",
    ),
    **STORIES,
}
