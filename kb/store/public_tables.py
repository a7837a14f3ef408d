"""The public tables as SQL: how a generation is laid out, counted up, indexed and made searchable.

What every column holds is told in schemas/tables.yml.
"""

from zlib import crc32

from kb.store.queries import FOLDED_CITATION, LAST_NUMBER

# Every table of the contract stands here, those without rows yet too: a page and a query may count on them.
SCHEMA = """
    CREATE TABLE jurisdictions (
        jurisdiction TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, tile_row INTEGER NOT NULL,
        tile_col INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE authorities (
        authority TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        name TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sources (
        source TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        authority TEXT REFERENCES authorities (authority), title TEXT NOT NULL, platform TEXT NOT NULL,
        url TEXT NOT NULL, binding TEXT NOT NULL, topics TEXT NOT NULL, cadence TEXT NOT NULL, publish TEXT NOT NULL,
        replica INTEGER NOT NULL, crawl_state TEXT NOT NULL, crawl_reason TEXT NOT NULL, policy_since TEXT NOT NULL,
        fallback TEXT NOT NULL, moves_within INTEGER NOT NULL, since TEXT NOT NULL, steady_since TEXT NOT NULL,
        last_checked TEXT NOT NULL, waves INTEGER NOT NULL, documents INTEGER NOT NULL,
        changes INTEGER NOT NULL DEFAULT 0, rule_changes INTEGER NOT NULL DEFAULT 0,
        open_suspects INTEGER NOT NULL DEFAULT 0, last_tried TEXT NOT NULL DEFAULT '',
        last_changed TEXT NOT NULL DEFAULT '', problems INTEGER NOT NULL DEFAULT 0,
        moving_days INTEGER NOT NULL DEFAULT 0, last_moved TEXT NOT NULL DEFAULT '',
        usual_gap REAL NOT NULL DEFAULT 0, longest_gap INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE coverage (
        jurisdiction TEXT PRIMARY KEY REFERENCES jurisdictions (jurisdiction), state TEXT NOT NULL,
        sources INTEGER NOT NULL, documents INTEGER NOT NULL, changes INTEGER NOT NULL, rule_changes INTEGER NOT NULL,
        since TEXT NOT NULL, last_checked TEXT NOT NULL
    ) STRICT;
    CREATE TABLE runs (
        run TEXT PRIMARY KEY, kind TEXT NOT NULL, started_at TEXT NOT NULL, closed_at TEXT, note TEXT NOT NULL,
        fetches INTEGER NOT NULL, failures INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE snapshots (
        sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, media_type TEXT NOT NULL, first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL, fetches INTEGER NOT NULL, taken_down INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fetches (
        seq INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (run), source TEXT NOT NULL, url TEXT NOT NULL,
        observed_at TEXT NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL, media_type TEXT NOT NULL,
        size INTEGER NOT NULL, sha256 TEXT REFERENCES snapshots (sha256), verdict TEXT NOT NULL,
        reasons TEXT NOT NULL, is_last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE documents (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        jurisdiction TEXT NOT NULL, citation TEXT NOT NULL, heading TEXT NOT NULL DEFAULT '', binding TEXT NOT NULL,
        watched_since TEXT NOT NULL, last_seen TEXT NOT NULL DEFAULT '', baseline INTEGER NOT NULL,
        standing INTEGER NOT NULL DEFAULT 0, versions INTEGER NOT NULL DEFAULT 0,
        changes INTEGER NOT NULL DEFAULT 0, wave_at TEXT NOT NULL, PRIMARY KEY (document, strand, source)
    ) STRICT;
    CREATE TABLE locations (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        url TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, wave_at TEXT NOT NULL, gone_at TEXT,
        gone_wave TEXT, PRIMARY KEY (document, strand, source, url, first_seen, wave_at)
    ) STRICT;
    CREATE TABLE versions (
        version TEXT PRIMARY KEY, document TEXT NOT NULL, strand TEXT NOT NULL,
        source TEXT NOT NULL REFERENCES sources (source), citation TEXT NOT NULL, heading TEXT NOT NULL,
        url TEXT NOT NULL, sha256 TEXT NOT NULL, text_hash TEXT NOT NULL, valid_from TEXT, valid_to TEXT,
        valid_basis TEXT NOT NULL, acts TEXT NOT NULL, observed_from TEXT NOT NULL, last_seen TEXT NOT NULL,
        wave_at TEXT NOT NULL, closed_at TEXT, closed_wave TEXT
    ) STRICT;
    CREATE TABLE provisions (
        version TEXT NOT NULL REFERENCES versions (version), place INTEGER NOT NULL, eid TEXT NOT NULL,
        number TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, note TEXT NOT NULL, pending TEXT NOT NULL,
        sha256 TEXT NOT NULL, cut INTEGER NOT NULL, PRIMARY KEY (version, place)
    ) STRICT;
    CREATE TABLE events (
        id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources (source), wave_at TEXT NOT NULL,
        kind TEXT NOT NULL, title TEXT NOT NULL, pages INTEGER NOT NULL, changes INTEGER NOT NULL,
        rule_changes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE changes (
        id TEXT NOT NULL, event_id TEXT NOT NULL REFERENCES events (id), event_kind TEXT NOT NULL, kind TEXT NOT NULL,
        part TEXT NOT NULL, nature TEXT NOT NULL, signals TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
        jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), strand TEXT NOT NULL,
        document TEXT NOT NULL, old_document TEXT, citation TEXT NOT NULL, old_citation TEXT, url TEXT NOT NULL,
        old_url TEXT, eid TEXT, old_eid TEXT, old_number TEXT NOT NULL, new_number TEXT NOT NULL,
        heading TEXT NOT NULL, old_text TEXT NOT NULL, new_text TEXT NOT NULL, topics TEXT NOT NULL,
        professions TEXT NOT NULL, binding TEXT NOT NULL, observed_at TEXT NOT NULL, confirmed_at TEXT NOT NULL,
        effective_on TEXT, cause TEXT NOT NULL, see_also TEXT NOT NULL, wave_at TEXT NOT NULL, place INTEGER NOT NULL,
        old_sha256 TEXT NOT NULL, new_sha256 TEXT NOT NULL, cut INTEGER NOT NULL, PRIMARY KEY (id, source)
    ) STRICT;
    CREATE TABLE redlines (
        change TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), html TEXT NOT NULL,
        PRIMARY KEY (change, source)
    ) STRICT;
    CREATE TABLE impacts (
        change TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        fact TEXT NOT NULL REFERENCES facts (fact), jurisdiction TEXT NOT NULL, question TEXT NOT NULL,
        effect TEXT NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL, quote_stands INTEGER NOT NULL,
        PRIMARY KEY (change, source, fact)
    ) STRICT;
    CREATE TABLE citations (
        version TEXT NOT NULL REFERENCES versions (version), place INTEGER NOT NULL, eid TEXT NOT NULL,
        text TEXT NOT NULL, work TEXT NOT NULL, number TEXT NOT NULL, target_eid TEXT NOT NULL,
        PRIMARY KEY (version, place)
    ) STRICT;
    CREATE TABLE crosswalk (
        old_document TEXT NOT NULL, old_eid TEXT NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL,
        since TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), wave_at TEXT NOT NULL,
        change TEXT NOT NULL
    ) STRICT;
    CREATE TABLE stale_citations (
        why TEXT NOT NULL, jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        document TEXT NOT NULL, citation TEXT NOT NULL, binding TEXT NOT NULL,
        version TEXT NOT NULL REFERENCES versions (version), url TEXT NOT NULL, eid TEXT NOT NULL, text TEXT NOT NULL,
        age_on TEXT NOT NULL, age_basis TEXT NOT NULL, cited_document TEXT NOT NULL, cited_eid TEXT NOT NULL,
        since TEXT NOT NULL, change TEXT NOT NULL, now_document TEXT NOT NULL, now_eid TEXT NOT NULL
    ) STRICT;
    CREATE TABLE questions (
        question TEXT PRIMARY KEY, place INTEGER NOT NULL, topic TEXT NOT NULL, title TEXT NOT NULL,
        wording TEXT NOT NULL, asked_of TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL, choices TEXT NOT NULL,
        details TEXT NOT NULL, compatible TEXT NOT NULL, contradicting TEXT NOT NULL, scope TEXT NOT NULL,
        coding TEXT NOT NULL, silent TEXT NOT NULL,
        for_compliance TEXT NOT NULL, for_journalists TEXT NOT NULL, for_providers TEXT NOT NULL, action TEXT NOT NULL,
        edition INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE facts (
        fact TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        question TEXT NOT NULL REFERENCES questions (question), place INTEGER NOT NULL, value TEXT NOT NULL,
        label TEXT NOT NULL, gap TEXT, state TEXT NOT NULL, details TEXT NOT NULL, scope TEXT NOT NULL,
        basis TEXT NOT NULL, binding TEXT NOT NULL, authority TEXT NOT NULL, citation TEXT NOT NULL, url TEXT NOT NULL,
        note TEXT NOT NULL, searched TEXT NOT NULL, effective_from TEXT NOT NULL, effective_to TEXT NOT NULL,
        reverts_to TEXT NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL, quote TEXT NOT NULL,
        evidence TEXT NOT NULL, confidence TEXT NOT NULL, coded_on TEXT NOT NULL, coded_by TEXT NOT NULL,
        reviewed_on TEXT NOT NULL, reviewed_by TEXT NOT NULL, reviewed_text TEXT NOT NULL, review_note TEXT NOT NULL,
        superseded_on TEXT NOT NULL, replica INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fact_history (
        fact TEXT NOT NULL REFERENCES facts (fact), place INTEGER NOT NULL, at TEXT NOT NULL, wave_at TEXT NOT NULL,
        state TEXT NOT NULL, cause TEXT NOT NULL, how TEXT NOT NULL, score REAL NOT NULL, document TEXT NOT NULL,
        eid TEXT NOT NULL, citation TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL,
        sha256 TEXT NOT NULL, captured_at TEXT NOT NULL, quote TEXT NOT NULL, prefix TEXT NOT NULL,
        suffix TEXT NOT NULL, text_hash TEXT NOT NULL, old_text TEXT NOT NULL, new_text TEXT NOT NULL,
        reason TEXT NOT NULL, PRIMARY KEY (fact, place)
    ) STRICT;
    CREATE TABLE answers (
        jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        question TEXT NOT NULL REFERENCES questions (question), state TEXT NOT NULL, value TEXT NOT NULL,
        label TEXT NOT NULL, notes TEXT NOT NULL, proof TEXT NOT NULL, answers INTEGER NOT NULL, scopes TEXT NOT NULL,
        confidence TEXT NOT NULL, citation TEXT NOT NULL, url TEXT NOT NULL, effective_from TEXT NOT NULL,
        effective_to TEXT NOT NULL, stricter_than_federal TEXT NOT NULL, conflicts INTEGER NOT NULL,
        fact TEXT REFERENCES facts (fact), why TEXT NOT NULL, searched TEXT NOT NULL, parts TEXT NOT NULL,
        PRIMARY KEY (jurisdiction, question)
    ) STRICT;
    CREATE TABLE dates (
        jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction), day TEXT NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, question TEXT NOT NULL, title TEXT NOT NULL, citation TEXT NOT NULL, url TEXT NOT NULL,
        stated TEXT NOT NULL, PRIMARY KEY (jurisdiction, subject, day, kind)
    ) STRICT;
    CREATE TABLE suspects (
        source TEXT NOT NULL REFERENCES sources (source), url TEXT NOT NULL, observed_at TEXT NOT NULL,
        wave_at TEXT NOT NULL, status INTEGER NOT NULL, sha256 TEXT, reasons TEXT NOT NULL, resolved_at TEXT
    ) STRICT;
    CREATE TABLE incidents (
        source TEXT NOT NULL REFERENCES sources (source), jurisdiction TEXT NOT NULL, cause TEXT NOT NULL,
        state TEXT NOT NULL, host TEXT NOT NULL, opened_at TEXT NOT NULL, closed_at TEXT, last_seen TEXT NOT NULL,
        pages INTEGER NOT NULL, asked INTEGER NOT NULL, first_url TEXT NOT NULL, first_message TEXT NOT NULL,
        last_url TEXT NOT NULL, last_message TEXT NOT NULL, PRIMARY KEY (source, cause, opened_at)
    ) STRICT;
    CREATE TABLE problems (
        source TEXT NOT NULL REFERENCES sources (source), url TEXT NOT NULL, observed_at TEXT NOT NULL,
        wave_at TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL
    ) STRICT;
    CREATE TABLE learned (source TEXT NOT NULL, text TEXT NOT NULL, since TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
    CREATE TABLE quality (
        corpus TEXT NOT NULL, measure TEXT NOT NULL, value REAL NOT NULL, cases INTEGER NOT NULL, low REAL, high REAL,
        asked TEXT NOT NULL, code TEXT NOT NULL
    ) STRICT;
    CREATE TABLE releases (
        generation INTEGER PRIMARY KEY, published_at TEXT NOT NULL, log_id TEXT NOT NULL, log_size INTEGER NOT NULL,
        tree_head TEXT NOT NULL
    ) STRICT;
    CREATE TABLE proofs (
        sha256 TEXT NOT NULL REFERENCES snapshots (sha256), url TEXT NOT NULL, log_id TEXT NOT NULL,
        seq INTEGER NOT NULL, leaf TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (sha256, url)
    ) STRICT;
    CREATE TABLE corrections (published_at TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL) STRICT;
    CREATE TABLE filter_counts (
        combination INTEGER PRIMARY KEY, jurisdiction TEXT NOT NULL,
        source TEXT NOT NULL REFERENCES sources (source), topics TEXT NOT NULL,
        professions TEXT NOT NULL, nature TEXT NOT NULL, kind TEXT NOT NULL, part TEXT NOT NULL,
        binding TEXT NOT NULL, changes INTEGER NOT NULL,
        UNIQUE (jurisdiction, source, topics, professions, nature, kind, part, binding)
    ) STRICT;
    CREATE TABLE daily_filter_counts (
        combination INTEGER NOT NULL REFERENCES filter_counts (combination), day TEXT NOT NULL,
        changes INTEGER NOT NULL, PRIMARY KEY (combination, day)
    ) STRICT;
    CREATE TABLE daily_counts (
        day TEXT NOT NULL, jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        changes INTEGER NOT NULL, rule_changes INTEGER NOT NULL, PRIMARY KEY (day, source)
    ) STRICT;
    CREATE TABLE downloads (
        name TEXT PRIMARY KEY, rows INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL
    ) STRICT;
    CREATE TABLE freshness (
        day TEXT NOT NULL, jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        documents INTEGER NOT NULL, PRIMARY KEY (day, source)
    ) STRICT;
"""
# The full text knows a jurisdiction by this and its id in hexadecimal: a word that no text holds and no stemmer alters,
# so that a search in one state reads the rows of no other.
TERM_PREFIX = "in0"
# Indexes stand where a canned query or a page sorts or looks up. The full text comes last of all: it names rows by
# rowid, which compacting may alter; so do the places of provisions.
FINISH = f"""
    CREATE INDEX sources_by_jurisdiction ON sources (jurisdiction);
    CREATE INDEX fetches_by_url ON fetches (url, observed_at);
    CREATE INDEX fetches_by_snapshot ON fetches (sha256);
    CREATE INDEX documents_by_source ON documents (source, document, strand);
    CREATE INDEX documents_by_jurisdiction ON documents (jurisdiction, document, strand, source);
    CREATE INDEX documents_by_citation ON documents (citation);
    CREATE INDEX documents_by_folded ON documents ({FOLDED_CITATION});
    CREATE INDEX documents_by_number ON documents ({LAST_NUMBER});
    CREATE INDEX locations_by_url ON locations (url);
    CREATE INDEX versions_by_snapshot ON versions (sha256);
    CREATE INDEX versions_by_source ON versions (source, document, strand, observed_from, version);
    CREATE INDEX changes_by_day ON changes (observed_at DESC, source, document, wave_at, place);
    CREATE INDEX changes_by_jurisdiction ON changes (jurisdiction, observed_at DESC, source, document, wave_at, place);
    CREATE INDEX changes_by_proof ON changes (confirmed_at, jurisdiction, nature, part, event_kind);
    CREATE INDEX changes_by_source ON changes (source, observed_at DESC, document, wave_at, place);
    CREATE INDEX rule_changes_by_day ON changes (observed_at DESC, document, place)
        WHERE nature = 'substantive' AND part IN ('text', 'heading');
    CREATE INDEX rule_changes_listed ON changes (observed_at DESC, source, document, wave_at, place)
        WHERE nature = 'substantive' AND part IN ('text', 'heading');
    CREATE INDEX rule_changes_by_place ON changes (document, source, strand, eid, kind)
        WHERE nature = 'substantive' AND part IN ('text', 'heading');
    CREATE INDEX impacts_by_fact ON impacts (fact);
    CREATE INDEX stale_citations_by_why ON stale_citations (why, jurisdiction);
    CREATE INDEX versions_by_start ON versions (valid_from) WHERE valid_from IS NOT NULL;
    CREATE INDEX versions_by_end ON versions (valid_to) WHERE valid_to IS NOT NULL;
    CREATE INDEX changes_by_effect ON changes (effective_on) WHERE effective_on IS NOT NULL;
    CREATE INDEX daily_combinations ON daily_filter_counts (combination, day, changes);
    CREATE INDEX events_by_wave ON events (wave_at);
    CREATE INDEX events_by_source ON events (source, wave_at);
    CREATE INDEX events_by_kind ON events (kind, wave_at, source);
    CREATE INDEX citations_by_number ON citations (work, number);
    CREATE INDEX crosswalk_by_old ON crosswalk (old_document, old_eid);
    CREATE INDEX facts_by_question ON facts (question, jurisdiction);
    CREATE INDEX facts_by_jurisdiction ON facts (jurisdiction, question);
    CREATE INDEX answers_by_question ON answers (question, jurisdiction);
    CREATE INDEX dates_by_day ON dates (day, jurisdiction);
    CREATE INDEX fact_history_by_document ON fact_history (document, eid);
    CREATE INDEX suspects_by_source ON suspects (source, observed_at);
    CREATE INDEX incidents_by_source ON incidents (source, opened_at);
    CREATE INDEX problems_by_source ON problems (source, observed_at);
    CREATE TABLE provision_places (
        provision INTEGER PRIMARY KEY, jurisdiction TEXT NOT NULL, term TEXT NOT NULL, standing INTEGER NOT NULL
    ) STRICT;
    INSERT INTO provision_places (provision, jurisdiction, term, standing)
        SELECT provisions.rowid, sources.jurisdiction, '{TERM_PREFIX}' || HEX(sources.jurisdiction),
            versions.closed_at IS NULL
        FROM provisions
        CROSS JOIN versions ON versions.version = provisions.version
        CROSS JOIN sources ON sources.source = versions.source;
    CREATE VIEW provision_words AS
        SELECT provision, heading, text, note, pending, term FROM provision_places
        JOIN provisions ON provisions.rowid = provision;
    CREATE VIRTUAL TABLE provisions_fts USING FTS5 (
        heading, text, note, pending, term, content='provision_words', content_rowid='provision',
        tokenize='porter unicode61'
    );
    INSERT INTO provisions_fts (provisions_fts) VALUES ('rebuild');
    CREATE VIRTUAL TABLE changes_fts USING FTS5 (
        citation, heading, old_text, new_text, reason, content='changes', tokenize='porter unicode61'
    );
    INSERT INTO changes_fts (changes_fts) VALUES ('rebuild');
    ANALYZE;
"""
# A rule change: DESIGN.md § 5.
IS_RULE_CHANGE = "(part IN ('text', 'heading') AND nature = 'substantive')"
COUNTS = f"""
    INSERT INTO filter_counts (jurisdiction, source, topics, professions, nature, kind, part, binding, changes)
        SELECT jurisdiction, source, topics, professions, nature, kind, part, binding, COUNT(*)
        FROM changes GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
    INSERT INTO daily_filter_counts (combination, day, changes)
        SELECT combination, SUBSTR(observed_at, 1, 10), COUNT(*) FROM changes
        JOIN filter_counts USING (jurisdiction, source, topics, professions, nature, kind, part, binding)
        GROUP BY 1, 2;
    INSERT INTO daily_counts (day, jurisdiction, source, changes, rule_changes)
        SELECT SUBSTR(observed_at, 1, 10), jurisdiction, source, COUNT(*), TOTAL({IS_RULE_CHANGE})
        FROM changes GROUP BY 1, 3;
    CREATE INDEX changes_by_event ON changes (event_id);
    UPDATE events SET rule_changes = (
        SELECT COUNT(*) FROM changes WHERE changes.event_id = events.id AND {IS_RULE_CHANGE});
    UPDATE sources SET
        changes = (SELECT COALESCE(SUM(changes), 0) FROM daily_counts AS own WHERE own.source = sources.source),
        rule_changes = (SELECT COALESCE(SUM(rule_changes), 0) FROM daily_counts AS own
            WHERE own.source = sources.source),
        open_suspects = (SELECT COUNT(DISTINCT url) FROM suspects AS own
            WHERE own.source = sources.source AND resolved_at IS NULL),
        last_tried = COALESCE((SELECT last FROM (
            SELECT source, MAX(observed_at) AS last FROM fetches WHERE is_last GROUP BY 1) AS own
            WHERE own.source = sources.source), ''),
        last_changed = COALESCE((SELECT MAX(day) FROM daily_counts AS own
            WHERE own.source = sources.source AND own.rule_changes > 0), ''),
        problems = (SELECT COUNT(*) FROM problems AS own WHERE own.source = sources.source);
    INSERT INTO coverage (jurisdiction, state, sources, documents, changes, rule_changes, since, last_checked)
        SELECT jurisdictions.jurisdiction,
            CASE WHEN COUNT(source) = 0 THEN 'not_watched' WHEN MAX(last_checked) = '' THEN 'declared'
                ELSE 'watched' END,
            COUNT(source), COALESCE(SUM(documents), 0), COALESCE(SUM(changes), 0), COALESCE(SUM(rule_changes), 0),
            COALESCE(MIN(NULLIF(since, '')), ''), COALESCE(MAX(last_checked), '')
        FROM jurisdictions LEFT JOIN sources ON sources.jurisdiction = jurisdictions.jurisdiction
        GROUP BY 1 ORDER BY 1;
    CREATE INDEX versions_by_document ON versions (document, strand, observed_from);
    CREATE INDEX changes_by_document ON changes (document, strand, source);
    UPDATE documents SET
        heading = COALESCE((SELECT heading FROM versions AS own WHERE (own.document, own.strand, own.source)
            = (documents.document, documents.strand, documents.source)
            ORDER BY closed_at IS NULL DESC, RTRIM(observed_from, 'Z') DESC, version LIMIT 1), ''),
        (versions, last_seen, standing) = (
            SELECT COUNT(*), COALESCE(MAX(last_seen), ''), COALESCE(MAX(closed_at IS NULL), 0) FROM versions AS own
            WHERE (own.document, own.strand, own.source) = (documents.document, documents.strand, documents.source)),
        changes = (SELECT COUNT(*) FROM changes AS own WHERE (own.document, own.strand, own.source)
            = (documents.document, documents.strand, documents.source));
    INSERT INTO freshness (day, jurisdiction, source, documents)
        SELECT SUBSTR(last_seen, 1, 10), jurisdiction, source, COUNT(DISTINCT document) FROM documents
        WHERE standing AND last_seen != '' GROUP BY 1, 3;
"""

# Tells the tables of one version of this program from those of another; kept in each generation.
FORM = crc32((SCHEMA + COUNTS + FINISH).encode()) & 0x7FFFFFFF
