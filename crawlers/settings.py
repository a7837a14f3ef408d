"""Scrapy's settings for this project: beside each value stands Scrapy's own default and the reason to differ.

Read by Scrapy as upper-case names. What depends on the crawl (delays of hosts, replay) is added by crawlers.run.
"""

from typing import Any

BOT_NAME = "statusquo"  # scrapybot

# --- manners

# False. What a publisher asks robots not to fetch is not fetched, and recorded as refused.
ROBOTSTXT_OBEY = True
# 0. One request a second and host, unless a source's host_delay or a robots.txt asks for more.
DOWNLOAD_DELAY = 1.0
# 0.5: half a second could lie between two requests. The delay we promise is the least, not the mean.
DOWNLOAD_DELAY_JITTER = 0.0
# 8. A slow server is never asked twice at once.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
# 16. None: requests that wait for their host count as well, and patient hosts would hold up all others. What bounds
# them is the ledger's window of each source, and KB_CONNECTIONS.
CONCURRENT_REQUESTS = 0
# False. Servers that answer slowly are asked more slowly (crawlers.download.PoliteThrottle keeps the least delay).
AUTOTHROTTLE_ENABLED = True
# 5. The first requests wait no longer than the delay we promise.
AUTOTHROTTLE_START_DELAY = 1.0
# 60. The slowest we ask, and the longest Crawl-delay that is obeyed to the letter.
AUTOTHROTTLE_MAX_DELAY = 60.0

# --- bounds

# 1 GiB. Nine times the largest title of a code measured in one page (3.3 MB); counted after decompression too. A body
# is held in memory while it comes, with an eighth more: an endless one must not cost 64 MB.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
# Bytes of unfinished answers of all hosts together; beyond it they come one after the other. Five of the largest pages
# measured fit; what is cut is not freed at once, and must not cost 64 MB together with one endless answer.
KB_ROOM = 16 * 1024 * 1024
# 32 MiB, a warning in the log. Sizes are recorded with every fetch.
DOWNLOAD_WARNSIZE = 0
# 180. Seconds from connecting to the last byte: a server that sends a byte a second ends here as well.
DOWNLOAD_TIMEOUT = 60
# True. A cut answer is kept and recorded as truncated instead of being dropped.
DOWNLOAD_FAIL_ON_DATALOSS = False
# 0, unlimited. Beyond this the crawl stops; it goes on where it was when started again.
MEMUSAGE_LIMIT_MB = 2048
# 10. Resolving names blocks a thread each; a dead name server must not hold up the other hosts.
REACTOR_THREADPOOL_MAXSIZE = 20

# --- trust

# False. A page fetched past a wrong certificate proves nothing.
DOWNLOAD_VERIFY_CERTIFICATES = True
# scrapy.resolver.CachingThreadedResolver. Ours refuses addresses that are not the public web's.
TWISTED_DNS_RESOLVER = "crawlers.addresses.GuardedResolver"
# http, https, data, file, s3, ftp. Only the web is crawled: a link must never open a file of this machine.
DOWNLOAD_HANDLERS: dict[str, str | None] = {
    "http": "crawlers.download.PoliteHandler",
    "https": "crawlers.download.PoliteHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# True. Cookies would tie answers to a session, and be a trace of us in them.
COOKIES_ENABLED = False
# True. Nobody is told from which page we came, least of all a URL that held a secret.
REFERER_ENABLED = False
# True. A proxy named in the environment would resolve names behind the guard's back.
HTTPPROXY_ENABLED = False
# 1. An open console on a port of this machine is a way in.
TELNETCONSOLE_ENABLED = False
# True. The same holds for the newer remote control.
REMOTE_CONTROL_ENABLED = False

# --- the road of an answer

# Every answer is evidence, whatever its status.
HTTPERROR_ALLOW_ALL = True  # False
ITEM_PIPELINES = {"crawlers.pipelines.ArchivePipeline": 500}  # none
# 100: so many tasks are made for every page, which yields one answer (measured: a third of the CPU of a crawl).
CONCURRENT_ITEMS = 1
# True. The source of the callback is read again for every page.
WARN_ON_GENERATOR_RETURN_VALUE = False
# Our frontier knows which URL was asked for in this crawl.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # RFPDupeFilter
DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    # The nearer to 0 the nearer to the spider. Those set to None are Scrapy's own, replaced or not needed.
    "crawlers.robots.RobotsMiddleware": 100,
    "crawlers.middlewares.RetryMiddleware": 550,
    "crawlers.middlewares.RedirectMiddleware": 580,
    "crawlers.middlewares.BoundedCompressionMiddleware": 590,
    "crawlers.middlewares.TransportMiddleware": 595,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}
SPIDER_MIDDLEWARES: dict[str, int | None] = {
    # Links are followed through the frontier, which knows their depth and refuses long ones.
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS: dict[str, int | None] = {
    "scrapy.extensions.throttle.AutoThrottle": None,
    "crawlers.download.PoliteThrottle": 0,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
}

# --- words

# "DEBUG" writes a line a request.
LOG_LEVEL = "INFO"
# True. Counters in the log help nobody; the summary says what came of the crawl.
STATS_DUMP = False
DEFAULT_REQUEST_HEADERS = {
    # Without PDF and XML in the list some servers answer 406 for them.
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/pdf;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
}

# --- our own

# Redirects followed for one URL; Scrapy's 20 is what browsers do for cookies' sake.
KB_REDIRECTS = 10
# Attempts beside the first for what may pass: no answer, 5xx, 429, a cut body.
KB_RETRIES = 2
# Seconds before the first further attempt, four times as long before each next one.
KB_RETRY_WAIT = 2.0
# A host that asks for more patience than this is given up for this crawl, and not asked by any before its instant.
KB_LONGEST_WAIT = 300.0
# A host that asks for more than thirty days is asked again after thirty: it may have meant something else.
KB_LONGEST_LATER = 30 * 86400.0
# Failures in a row (no answer, 5xx, 429; of one page's answers only the first counts) that open a host's breaker.
KB_DEAD_AFTER = 6
# Seconds a host is left alone then; each failed try after a pause doubles it, up to a day.
KB_DEAD_PAUSE = 900.0
KB_LONGEST_PAUSE = 86400.0
# Connections in use at once over all hosts; with those kept open for the next page well under the usual 1,024 files.
KB_CONNECTIONS = 256
# Requests to a host in a UTC day by crawls of what is due, where no source declares a day_budget: an hour and a half
# at a page a second. What does not fit is left for the next day.
KB_DAY_BUDGET = 5000
# Seconds between two lines that say how a crawl goes where nobody watches it live.
KB_PROGRESS_SECONDS = 30.0
# Scrapy's own line a minute would say the same: 60.0.
LOGSTATS_INTERVAL = 0.0
# Whether addresses of this machine may be crawled.
KB_ALLOW_LOOPBACK = False
# Seconds between two requests to hosts that want more than DOWNLOAD_DELAY, by host.
KB_HOST_DELAYS: dict[str, float] = {}
# The port of the replay on this machine, 0 for the live web.
KB_REPLAY_PORT = 0

# What differs in a replay: the server is ours, answers at once and will not change its mind.
REPLAY: dict[str, Any] = {
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "KB_RETRIES": 0,
    "KB_LONGEST_WAIT": 0,
    "KB_DEAD_AFTER": 1_000_000,
    "KB_HOST_DELAYS": {},
    "DOWNLOAD_HANDLERS": {
        **DOWNLOAD_HANDLERS,
        "http": "crawlers.replay.ReplayHandler",
        "https": "crawlers.replay.ReplayHandler",
    },
    "KB_ALLOW_LOOPBACK": True,
}
