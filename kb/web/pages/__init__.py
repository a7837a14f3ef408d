"""The site's own pages: where each stands and which view answers it."""

from kb.web.answer import PageRoute
from kb.web.pages.about import view_about, view_methods
from kb.web.pages.beside import view_beside
from kb.web.pages.calendar import view_calendar, view_ics
from kb.web.pages.change import view_change
from kb.web.pages.changes import view_changes, view_report
from kb.web.pages.compare import view_compare
from kb.web.pages.diff import view_diff
from kb.web.pages.document import view_document
from kb.web.pages.document_bundle import view_document_bundle
from kb.web.pages.downloads import view_data, view_file
from kb.web.pages.event import view_event
from kb.web.pages.fact import view_fact
from kb.web.pages.feeds import view_feed
from kb.web.pages.home import view_home
from kb.web.pages.navigation import ROUTES
from kb.web.pages.places import view_place, view_places
from kb.web.pages.quality import view_quality
from kb.web.pages.questions import view_question, view_questions
from kb.web.pages.report import view_report as view_told
from kb.web.pages.search import view_search
from kb.web.pages.sitemap import view_robots, view_sitemap
from kb.web.pages.sources import view_source, view_sources
from kb.web.pages.stale import view_stale

# The first that matches a path answers it; ids and citations may hold slashes, so the last group takes the rest.
PAGES: tuple[PageRoute, ...] = (
    PageRoute(r"^/$", view_home),
    PageRoute(r"^/changes$", view_changes),
    PageRoute(r"^/changes/report$", view_report),
    PageRoute(r"^/changes\.(?P<form>atom|json)$", view_feed),
    PageRoute(r"^/report$", view_told),
    PageRoute(r"^/report\.(?P<form>md|txt|json)$", view_told),
    PageRoute(r"^/calendar$", view_calendar),
    PageRoute(r"^/calendar\.ics$", view_ics),
    PageRoute(r"^/c/(?P<change>[^/]+)$", view_change),
    PageRoute(r"^/e/(?P<event>[^/]+)$", view_event),
    PageRoute(r"^/beside$", view_beside),
    PageRoute(r"^/d/(?P<left>.+?)/beside/(?P<right>.+)$", view_beside),
    PageRoute(r"^/d/(?P<document>.+)/diff/(?P<old>[^/]*?)\.\.(?P<new>[^/]*)$", view_diff),
    PageRoute(r"^/d/(?P<document>.+)/diff/?$", view_diff),
    PageRoute(r"^/d/(?P<document>.+)/bundle(?:\.(?P<form>json))?$", view_document_bundle),
    PageRoute(r"^/d/(?P<document>.+)$", view_document),
    PageRoute(r"^/j$", view_places),
    PageRoute(r"^/j/(?P<jurisdiction>[^/]+)$", view_place),
    PageRoute(r"^/q$", view_questions),
    PageRoute(r"^/q/(?P<question>[^/]+)$", view_question),
    PageRoute(r"^/f/(?P<fact>[^/.]+)$", view_fact),
    PageRoute(r"^/f/(?P<fact>[^/.]+)\.(?P<form>json)$", view_fact),
    PageRoute(r"^/f/(?P<fact>[^/.]+)/(?P<form>bundle)$", view_fact),
    PageRoute(r"^/compare$", view_compare),
    PageRoute(r"^/compare\.(?P<form>csv|json|xlsx)$", view_compare),
    PageRoute(r"^/sources$", view_sources),
    PageRoute(r"^/s/(?P<source>[^/]+)$", view_source),
    PageRoute(r"^/citations$", view_stale),
    PageRoute(r"^/sitemap\.xml$", view_sitemap),
    PageRoute(r"^/sitemap-(?P<part>[0-9]{1,6})\.xml$", view_sitemap),
    PageRoute(r"^/robots\.txt$", view_robots),
    PageRoute(r"^/search$", view_search),
    PageRoute(r"^/data$", view_data),
    PageRoute(r"^/data/(?P<table>[a-z_]+)\.csv$", view_file),
    PageRoute(r"^/methods$", view_methods),
    PageRoute(r"^/quality$", view_quality),
    PageRoute(r"^/about$", view_about),
)
ROUTES.announce(page.pattern for page in PAGES)
